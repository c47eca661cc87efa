// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package bounded

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/nuts-foundation/nuts-node/core"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/door"
)

var errDocument = errors.New("mitz: a document that is larger than this node gets, or holds too much")

// getter gets documents as fetches of a visit.
type getter struct {
	core.HTTPRequestDoer // of which the node limits how much it reads
	visit                func() *door.Visit
	largest              int                     // bytes of a document
	check                func(body []byte) error // nil: it is JSON that is bounded
}

// document is a response of which the body was read, or why there is none.
type document struct {
	response http.Response
	body     []byte
	err      error
}

// Do gets one document, read to its end. One visit tries once: the guard asks for a status
// list that the node has asked for a moment before.
func (g getter) Do(request *http.Request) (*http.Response, error) {
	found, err := g.visit().Once("document "+request.URL.String(), func() (any, error) { return g.get(request), nil })
	if err != nil {
		return nil, err
	}
	whole := found.(document)
	if whole.err != nil {
		return nil, whole.err
	}
	whole.response.Body = io.NopCloser(bytes.NewReader(whole.body))
	return &whole.response, nil
}

func (g getter) get(request *http.Request) (whole document) {
	whole.err = g.visit().Fetch(func(ctx context.Context) (int, error) {
		response, err := g.HTTPRequestDoer.Do(request.WithContext(ctx))
		if err != nil {
			return 0, err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(io.LimitReader(response.Body, int64(g.largest)+1))
		if err != nil {
			return 0, err
		}
		if len(body) > g.largest {
			return len(body), errDocument
		}
		whole = document{response: *response, body: body}
		return len(body), g.looksRight(body)
	})
	return whole
}

func (g getter) looksRight(body []byte) error {
	if g.check != nil {
		return g.check(body)
	}
	if !door.IsBounded(string(body)) {
		return errDocument
	}
	return nil
}
