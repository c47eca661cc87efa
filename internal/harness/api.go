// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// API speaks to a node's internal API.
type API struct {
	base   string
	client *http.Client
}

// Subject is a subject on a node with its did:web.
type Subject struct {
	Name string
	DID  string
}

// InternalURL is the address of the node's internal API.
func (a API) InternalURL() string { return a.base }

// CreateSubject creates a subject with the given name.
func (a API) CreateSubject(ctx context.Context, name string) (Subject, error) {
	answer, err := a.postJSON(ctx, "/internal/vdr/v2/subject", map[string]any{"subject": name})
	if err != nil {
		return Subject{}, err
	}
	var created struct {
		Documents []struct {
			ID string `json:"id"`
		} `json:"documents"`
	}
	if err := answer.decode(http.StatusOK, &created); err != nil {
		return Subject{}, fmt.Errorf("create subject %s: %w", name, err)
	}
	if len(created.Documents) == 0 {
		return Subject{}, errors.New("create subject: no DID document")
	}
	return Subject{Name: name, DID: created.Documents[0].ID}, nil
}

// DIDs lists the DIDs of a subject.
func (a API) DIDs(ctx context.Context, subject string) ([]string, error) {
	answer, err := a.Get(ctx, "/internal/vdr/v2/subject/"+url.PathEscape(subject))
	if err != nil {
		return nil, err
	}
	var dids []string
	return dids, answer.decode(http.StatusOK, &dids)
}

// StoreCredential puts a credential into a subject's wallet.
func (a API) StoreCredential(ctx context.Context, subject string, credential Credential) error {
	answer, err := a.postJSON(ctx, "/internal/vcr/v2/holder/"+url.PathEscape(subject)+"/vc", credential)
	if err != nil {
		return err
	}
	if err := answer.decode(http.StatusNoContent, nil); err != nil {
		return fmt.Errorf("store credential: %w", err)
	}
	return nil
}

// IssueCredential has the node issue a JWT credential, valid for twelve hours, by a DID
// of its own. The credentialSubject's id is the holder.
func (a API) IssueCredential(ctx context.Context, issuer, holder, credentialType string, claims map[string]any) (Credential, error) {
	return a.issueCredential(ctx, issuer, holder, credentialType, claims, nil)
}

// Get reads a path of the internal API, such as /health or /metrics, as JSON where
// there is a choice.
func (a API) Get(ctx context.Context, path string) (Answer, error) {
	return do(ctx, a.client, http.MethodGet, a.base+path, http.Header{"Accept": {"application/json"}}, nil)
}

func (a API) postJSON(ctx context.Context, path string, body any) (Answer, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return Answer{}, err
	}
	header := http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}}
	return do(ctx, a.client, http.MethodPost, a.base+path, header, bytes.NewReader(encoded))
}

func postForm(ctx context.Context, client *http.Client, target string, form url.Values, header http.Header) (Answer, error) {
	if header == nil {
		header = http.Header{}
	}
	header.Set("Content-Type", "application/x-www-form-urlencoded")
	if header.Get("Accept") == "" {
		header.Set("Accept", "application/json")
	}
	return do(ctx, client, http.MethodPost, target, header, strings.NewReader(form.Encode()))
}

func do(ctx context.Context, client *http.Client, method, target string, header http.Header, body io.Reader) (Answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return Answer{}, err
	}
	if header != nil {
		request.Header = header
	}
	response, err := client.Do(request)
	if err != nil {
		return Answer{}, err
	}
	content, err := io.ReadAll(response.Body)
	return Answer{Status: response.StatusCode, Header: response.Header, Body: content}, errors.Join(err, response.Body.Close())
}
