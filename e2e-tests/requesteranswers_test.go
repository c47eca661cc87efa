// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// ownNodeAnswers finds the rows of docs/requester.md about what a requester's own node answers.
var ownNodeAnswers = regexp.MustCompile("(?m)^\\| ([0-9]{3}) `([^`]+)`(?:, and the attribute, such as `([^`]+)`)? \\|")

// TestARequestersOwnNodeAnswersAsItsPageSays has a stock node ask for tokens that it does not get, and
// finds each row of the page.
func TestARequestersOwnNodeAnswersAsItsPageSays(t *testing.T) {
	root, err := harness.RepositoryRoot()
	require.NoError(t, err)
	page, err := os.ReadFile(filepath.Join(root, "docs", "requester.md"))
	require.NoError(t, err)
	rows := ownNodeAnswers.FindAllStringSubmatch(string(page), -1)
	// What goes wrong in each row, in its order.
	wrongs := []func(w *harness.World, request *harness.ServiceTokenRequest){
		func(*harness.World, *harness.ServiceTokenRequest) {}, // nothing is on record
		func(w *harness.World, _ *harness.ServiceTokenRequest) { w.Mitz.Misbehave(mitztest.HTTPStatus(400)) },
		func(_ *harness.World, request *harness.ServiceTokenRequest) {
			request.Credentials = request.Credentials[:1]
		},
		func(_ *harness.World, request *harness.ServiceTokenRequest) {
			request.Scope = "a-scope-that-nobody-knows"
		},
		func(_ *harness.World, request *harness.ServiceTokenRequest) {
			request.AuthorizationServer = "https://localhost:1/oauth2/hospital-east"
		},
	}
	require.Len(t, rows, len(wrongs))
	for i, row := range rows {
		t.Run(row[2], func(t *testing.T) {
			w := fresh(t)
			request := w.ServiceTokenRequest(w.Issuer(), harness.BSNIdentifier(patient), birthCare)
			wrongs[i](w, &request)
			answer, err := w.Requester.RequestServiceToken(t.Context(), w.RequesterOrg.Name, request)
			require.NoError(t, err)
			assert.Equal(t, row[1], strconv.Itoa(answer.Status))
			assert.True(t, answer.Contains(`"detail":"`), "in detail")
			assert.True(t, answer.Contains(row[2]) && answer.Contains(row[3]), "%s", answer.Body)
		})
	}
}
