// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package door

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/nuts-foundation/nuts-node/core"
)

var errDocument = errors.New("mitz: a document that is larger than this node gets, or holds too much")

// getter gets documents as fetches of a visit.
type getter struct {
	core.HTTPRequestDoer // of which the node limits how much it reads
	visit                func() *Visit
	largest              int                     // bytes of a document
	check                func(body []byte) error // nil: it is JSON that is bounded
}

// Do gets one document, read to its end.
func (g getter) Do(request *http.Request) (response *http.Response, err error) {
	err = g.visit().Fetch(func(ctx context.Context) (int, error) {
		if response, err = g.HTTPRequestDoer.Do(request.WithContext(ctx)); err != nil {
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
		if g.check == nil {
			var shape shape
			if !shape.addJSON(string(body), 0) {
				return len(body), errDocument
			}
		} else if err := g.check(body); err != nil {
			return len(body), err
		}
		response.Body = io.NopCloser(bytes.NewReader(body))
		return len(body), nil
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}
