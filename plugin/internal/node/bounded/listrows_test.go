// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package bounded

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/nuts-foundation/go-did/vc"
	"github.com/nuts-foundation/nuts-node/storage"
	"github.com/nuts-foundation/nuts-node/vcr/revocation"
	"github.com/nuts-foundation/nuts-node/vcr/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/door"
)

// listServer serves one status list, or nothing.
type listServer struct {
	address string
	list    []byte // the bits of it; nil: it cannot be got
}

func newListServer(t *testing.T) *listServer {
	t.Helper()
	lists := &listServer{list: make([]byte, 16<<10)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if lists.list == nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_ = json.NewEncoder(w).Encode(object{
			"@context": []string{"https://www.w3.org/2018/credentials/v1", "https://w3id.org/vc/status-list/2021/v1"},
			"id":       lists.address, "type": []string{"VerifiableCredential", "StatusList2021Credential"},
			"issuer": "did:web:example.com", "issuanceDate": time.Now().Add(-time.Minute), "proof": object{},
			"credentialSubject": object{"id": lists.address, "type": "StatusList2021", "statusPurpose": "revocation", "encodedList": gzipped(t, lists.list, base64.RawURLEncoding)},
		})
	}))
	t.Cleanup(server.Close)
	lists.address = server.URL
	return lists
}

// issued is a credential of which the first bit of the list is the status.
func (l *listServer) issued(t *testing.T) vc.VerifiableCredential {
	t.Helper()
	content, err := json.Marshal(object{
		"id": "did:web:example.com#1", "type": []string{"VerifiableCredential"}, "issuer": "did:web:example.com",
		"credentialStatus": object{"id": l.address + "#0", "type": "StatusList2021Entry", "statusPurpose": "revocation", "statusListIndex": "0", "statusListCredential": l.address},
	})
	require.NoError(t, err)
	issued, err := vc.ParseVerifiableCredential(string(content))
	require.NoError(t, err)
	return *issued
}

// check looks the credential up as the node does, with all signatures right.
func (l *listServer) check(t *testing.T, db *gorm.DB, visit *door.Visit) error {
	t.Helper()
	of := func() *door.Visit { return visit }
	statuses := revocation.NewStatusList2021(listRows(db, of), getter{HTTPRequestDoer: http.DefaultClient, visit: of, largest: door.MaxFetched}, "http://localhost", 0)
	statuses.VerifySignature = func(vc.VerifiableCredential, *time.Time) error { return nil }
	return statuses.Verify(l.issued(t))
}

func rowsOf(t *testing.T, db *gorm.DB) (rows int64) {
	t.Helper()
	require.NoError(t, db.Table("status_list_credential").Count(&rows).Error)
	return rows
}

func TestStatusListRows(t *testing.T) {
	database := func(t *testing.T) *gorm.DB { t.Helper(); return storage.NewTestStorageEngine(t).GetSQLDatabase() }
	t.Run("a list that an unverified request led to leaves no row", func(t *testing.T) {
		db, lists := database(t), newListServer(t)
		visit, answer := begin(t)
		require.NoError(t, lists.check(t, db, visit))
		require.NoError(t, answer(nil))
		assert.Zero(t, rowsOf(t, db))
	})
	t.Run("a list that a verified request led to leaves one, when it was answered", func(t *testing.T) {
		db, lists := database(t), newListServer(t)
		for range 2 {
			visit, answer := begin(t)
			before := rowsOf(t, db)
			require.NoError(t, lists.check(t, db, visit))
			visit.Verified()
			assert.Equal(t, before, rowsOf(t, db))
			require.NoError(t, answer(nil))
			assert.EqualValues(t, 1, rowsOf(t, db))
		}
	})
	t.Run("what was revoked since the row was written is revoked", func(t *testing.T) {
		db, lists := database(t), newListServer(t)
		require.NoError(t, lists.check(t, db, noVisit()))
		lists.list[0] = 0x80
		assert.ErrorIs(t, lists.check(t, db, visitOf(t)), types.ErrRevoked)
	})
	t.Run("no row answers for a list that cannot be got", func(t *testing.T) {
		for _, revoked := range []byte{0, 0x80} {
			db, lists := database(t), newListServer(t)
			lists.list[0] = revoked
			_ = lists.check(t, db, noVisit())
			require.EqualValues(t, 1, rowsOf(t, db))
			lists.list = nil
			require.Error(t, lists.check(t, db, visitOf(t)))
			assert.NotErrorIs(t, lists.check(t, db, visitOf(t)), types.ErrRevoked)
		}
	})
	t.Run("a row of the node's own list does", func(t *testing.T) {
		db, lists := database(t), newListServer(t)
		lists.list[0] = 0x80
		require.ErrorIs(t, lists.check(t, db, noVisit()), types.ErrRevoked)
		require.NoError(t, db.Exec("INSERT INTO did (id, subject) VALUES ('did:web:example.com', 'a')").Error)
		require.NoError(t, db.Exec("INSERT INTO status_list (subject_id, issuer, page, last_issued_index) VALUES (?, 'did:web:example.com', 1, 0)", lists.address).Error)
		lists.list = nil
		assert.ErrorIs(t, lists.check(t, db, visitOf(t)), types.ErrRevoked)
	})
	t.Run("what is written in another way is refused", func(t *testing.T) {
		db := database(t)
		rows := listRows(db, noVisit).Statement.ConnPool
		_, err := rows.QueryContext(context.Background(), "INSERT INTO status_list_credential DEFAULT VALUES RETURNING subject_id")
		require.ErrorIs(t, err, errListRows)
		_, err = rows.PrepareContext(context.Background(), "SELECT 1")
		require.ErrorIs(t, err, errListRows)
	})
}
