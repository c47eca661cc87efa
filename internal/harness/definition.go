// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// Definition is the part of a presentation definition that is needed to answer it.
type Definition struct {
	ID          string            `json:"id"`
	Descriptors []inputDescriptor `json:"input_descriptors"`
	// Raw is all of it, as it was sent.
	Raw json.RawMessage `json:"-"`
}

type inputDescriptor struct {
	ID          string   `json:"id"`
	Group       []string `json:"group"`
	Constraints struct {
		Fields []struct {
			Path   []string `json:"path"`
			Filter *struct {
				Const string   `json:"const"`
				Enum  []string `json:"enum"`
			} `json:"filter"`
		} `json:"fields"`
	} `json:"constraints"`
}

// mapping is one entry of a presentation submission's descriptor_map.
type mapping struct {
	ID     string `json:"id"`
	Format string `json:"format"`
	Path   string `json:"path"`
}

// FetchDefinition gets the presentation definition of a scope from an authorization server.
func FetchDefinition(ctx context.Context, client *http.Client, issuer, scope string) (Definition, error) {
	target := issuer + "/presentation_definition?" + url.Values{"scope": {scope}}.Encode()
	answer, err := do(ctx, client, http.MethodGet, target, nil, nil)
	if err != nil {
		return Definition{}, err
	}
	var definition Definition
	if err := answer.decode(http.StatusOK, &definition); err != nil {
		return Definition{}, fmt.Errorf("presentation definition: %w", err)
	}
	definition.Raw = json.RawMessage(answer.Body)
	return definition, nil
}

// Submit makes a presentation submission for the credentials in their order. It maps
// each descriptor to the first credential of its type, one descriptor for each group,
// and leaves out what is missing: it is the data holder that must object.
func (d Definition) Submit(credentials []Credential) (json.RawMessage, error) {
	mappings := []mapping{}
	served := map[string]bool{}
	for _, descriptor := range d.Descriptors {
		index := slices.IndexFunc(credentials, func(credential Credential) bool {
			return descriptor.wants(credential)
		})
		if index < 0 || slices.ContainsFunc(descriptor.Group, func(group string) bool { return served[group] }) {
			continue
		}
		for _, group := range descriptor.Group {
			served[group] = true
		}
		format := "ldp_vc"
		if credentials[index].IsJWT() {
			format = "jwt_vc"
		}
		mappings = append(mappings, mapping{
			ID: descriptor.ID, Format: format, Path: fmt.Sprintf("$.verifiableCredential[%d]", index),
		})
	}
	return json.Marshal(map[string]any{
		"id": uuid.NewString(), "definition_id": d.ID, "descriptor_map": mappings,
	})
}

// wants reports whether a credential is of a type that the descriptor asks for.
func (d inputDescriptor) wants(credential Credential) bool {
	for _, field := range d.Constraints.Fields {
		if slices.Contains(field.Path, "$.type") && field.Filter != nil {
			return slices.ContainsFunc(credential.Types(), func(t string) bool {
				return t == field.Filter.Const || slices.Contains(field.Filter.Enum, t)
			})
		}
	}
	return false
}

// Types reads the credential's types without verifying anything.
func (c Credential) Types() []string {
	content := []byte(c)
	if c.IsJWT() {
		content = c.jwtPayload()
	}
	var body struct {
		Type []string `json:"type"`
		VC   struct {
			Type []string `json:"type"`
		} `json:"vc"`
	}
	_ = json.Unmarshal(content, &body)
	return append(body.Type, body.VC.Type...)
}

// ID is the credential's id, without verifying anything.
func (c Credential) ID() string {
	content := []byte(c)
	if c.IsJWT() {
		content = c.jwtPayload()
	}
	var body struct {
		ID    string `json:"id"`
		JWTID string `json:"jti"`
	}
	_ = json.Unmarshal(content, &body)
	return orElse(body.ID, body.JWTID)
}

func (c Credential) jwtPayload() []byte {
	var token string
	_ = json.Unmarshal(c, &token)
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil
	}
	payload, _ := base64.RawURLEncoding.DecodeString(parts[1])
	return payload
}
