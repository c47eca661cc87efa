// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package recheck

import (
	"context"
	"errors"
	"os"
	"regexp"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nuts-foundation/nuts-node/audit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
)

const (
	fresh = time.Minute
	old   = 6 * time.Minute
)

func TestNewRefusesAMissingPart(t *testing.T) {
	_, err := New(Parts{})
	require.Error(t, err)
}

func TestATokenIsLookedAtWhenItsConsentIsOld(t *testing.T) {
	for _, tc := range []struct {
		name    string
		age     time.Duration
		consult consulter
		spoil   func(c *testChecker, token *fakeToken)
		holds   bool
		queries int
		gone    bool
		counts  map[string]float64
	}{
		{"not while it is new", fresh, deciding(consent.Deny), nil, true, 0, false, map[string]float64{}},
		{"Permit keeps it", old, deciding(consent.Permit), nil, true, 1, false, map[string]float64{"confirmed": 1}},
		{"Deny ends it", old, deciding(consent.Deny), nil, false, 1, true, map[string]float64{"revoked": 1}},
		{"a look since counts", old, deciding(consent.Deny), func(_ *testChecker, token *fakeToken) {
			token.latest = tokenOf(fresh).claims
		}, true, 0, false, map[string]float64{}},
		{"a look too long ago does not count", old, deciding(consent.Deny), func(_ *testChecker, token *fakeToken) {
			token.latest = tokenOf(old).claims
		}, false, 1, true, map[string]float64{"revoked": 1}},
		{"one that ended meanwhile is not asked about", old, deciding(consent.Permit), func(_ *testChecker, token *fakeToken) {
			token.gone = true
		}, false, 0, true, map[string]float64{}},
		{"one that somebody looked at just before is not asked about", old, deciding(consent.Deny), func(_ *testChecker, token *fakeToken) {
			token.meanwhile = func(token *fakeToken) { token.latest = tokenOf(fresh).claims }
		}, true, 0, false, map[string]float64{}},
		{"a profile that does not look again any more keeps it", old, deciding(consent.Deny), func(c *testChecker, _ *fakeToken) {
			c.parts.Policy.Profile("birth-care").Recheck = 0
		}, true, 0, false, map[string]float64{}},
		{"a profile that is gone ends it, however new", fresh, deciding(consent.Permit), func(_ *testChecker, token *fakeToken) {
			token.asked.Scope = "former"
		}, false, 0, true, map[string]float64{"revoked": 1}},
		{"a profile that asks something else ends it", old, deciding(consent.Permit), func(c *testChecker, _ *fakeToken) {
			c.parts.Policy.Profile("birth-care").Purpose = "COC"
		}, false, 0, true, map[string]float64{"revoked": 1}},
		{"a data holder that is on the list no more ends it", old, deciding(consent.Permit), func(c *testChecker, _ *fakeToken) {
			c.parts.Policy.Use(nil)
		}, false, 0, true, map[string]float64{"revoked": 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, token := newTestChecker(t, tc.consult, "keep"), tokenOf(tc.age)
			if tc.spoil != nil {
				tc.spoil(c, token)
			}
			verdict, err := c.Check(token)
			require.NoError(t, err)
			assert.Equal(t, tc.holds, verdict.Holds)
			assert.Equal(t, tc.queries, c.asked())
			assert.Equal(t, tc.gone, token.gone)
			assert.Equal(t, tc.counts, c.counted(t, "nuts_mitz_rechecks_total"))
			assert.InDelta(t, tc.counts["revoked"], c.counted(t, "nuts_mitz_tokens_revoked_total")["recheck"], 0)
		})
	}
}

func TestADataHolderThatIsTakenOffTheListWhileMitzIsAsked(t *testing.T) {
	var c *testChecker
	c = newTestChecker(t, func(ctx context.Context, q consent.Question) (mitzclient.Answer, error) {
		c.parts.Policy.Use(nil)
		return deciding(consent.Permit)(ctx, q)
	}, "keep")
	token := tokenOf(old)
	verdict, err := c.Check(token)
	require.NoError(t, err)
	assert.False(t, verdict.Holds)
	assert.True(t, token.gone)
}

func TestALookIsKeptAndShown(t *testing.T) {
	c, token := newTestChecker(t, deciding(consent.Permit), ""), tokenOf(old)
	for range 3 {
		verdict, err := c.Check(token)
		require.NoError(t, err)
		assert.True(t, verdict.Holds)
		assert.Equal(t, "request-2", verdict.Latest["consent_request_id"])
		assert.NotContains(t, verdict.Latest, "patient_bsn")
	}
	assert.Equal(t, 1, c.asked())
	assert.Equal(t, "request-1", token.claims["consent_request_id"], "the token itself was changed")
}

// TestTroubleFollowsTheProfile has each way in which nobody can tell.
func TestTroubleFollowsTheProfile(t *testing.T) {
	for _, tc := range []struct {
		name    string
		consult consulter
		spoil   func(t *testing.T, c *testChecker, token *fakeToken)
		outcome string
		queries int
	}{
		{"Mitz is down", failing(mitzclient.Unreachable), nil, "unreachable", 1},
		{"the requester asked too often", failing(mitzclient.TooManyQueries), nil, "too_many_queries", 1},
		{"Mitz cannot judge", deciding(consent.Indeterminate), nil, "indeterminate", 1},
		{"an answer without a decision", deciding(consent.NoDecision), nil, "unanswered", 1},
		{"a panic while Mitz is asked", func(context.Context, consent.Question) (mitzclient.Answer, error) { panic(testBSN) }, nil, "panic", 1},
		{"a panic while the look is kept", deciding(consent.Permit), func(_ *testing.T, _ *testChecker, token *fakeToken) { token.panicsAt = "keep" }, "panic", 1},
		{"the look cannot be kept", deciding(consent.Permit), func(_ *testing.T, _ *testChecker, token *fakeToken) {
			token.unkept = errors.New("connection refused")
		}, "store_failed", 1},
		{"the node stops", deciding(consent.Permit), func(_ *testing.T, c *testChecker, _ *fakeToken) {
			c.parts.Requests.Close(0, 0)
		}, "not_running", 0},
		{"the audit file cannot be written", deciding(consent.Permit), func(t *testing.T, c *testChecker, _ *fakeToken) {
			path := c.openAuditFile(t)
			require.NoError(t, os.Remove(path))
			require.NoError(t, os.Mkdir(path, 0o700))
		}, "audit_unwritten", 0},
	} {
		for _, failure := range []string{"", "deny", "keep"} {
			t.Run(tc.name+" "+failure, func(t *testing.T) {
				c, token := newTestChecker(t, tc.consult, failure), tokenOf(old)
				if tc.spoil != nil {
					tc.spoil(t, c, token)
				}
				verdict, err := c.Check(token)
				require.NoError(t, err)
				result := "refused"
				if failure == "keep" {
					result = "kept"
				}
				assert.Equal(t, failure == "keep", verdict.Holds)
				assert.False(t, token.gone, "trouble ends no token")
				assert.Equal(t, tc.queries, c.asked())
				assert.Equal(t, map[string]float64{result: 1}, c.counted(t, "nuts_mitz_rechecks_total"))
				assert.Contains(t, c.log.String(), "outcome="+tc.outcome)
				assert.NotContains(t, c.log.String(), testBSN)
			})
		}
	}
}

func TestNobodyCanTellWhenItWasLookedAt(t *testing.T) {
	c, token := newTestChecker(t, deciding(consent.Permit), "keep"), tokenOf(old)
	token.unread = errors.New("connection refused")
	verdict, err := c.Check(token)
	require.Error(t, err)
	assert.False(t, verdict.Holds)
	assert.Zero(t, c.asked())
}

func TestATokenThatCannotBeEnded(t *testing.T) {
	c, token := newTestChecker(t, deciding(consent.Deny), "keep"), tokenOf(old)
	token.unended = errors.New("connection refused")
	for range 2 {
		verdict, err := c.Check(token)
		require.NoError(t, err)
		assert.False(t, verdict.Holds, "whatever becomes of it")
	}
	assert.Contains(t, c.log.String(), "Live tokens could not be ended")
	assert.Equal(t, map[string]float64{"refused": 2}, c.counted(t, "nuts_mitz_rechecks_total"))
	assert.Empty(t, c.counted(t, "nuts_mitz_tokens_revoked_total"))
	for _, step := range []string{"end", "live"} {
		token.panicsAt = step
		verdict, err := c.Check(token)
		require.Error(t, err)
		assert.False(t, verdict.Holds)
		assert.NotContains(t, c.log.String(), testBSN)
	}
}

func TestThoseWhoCheckAtOnceWaitForOneLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestChecker(t, func(ctx context.Context, q consent.Question) (mitzclient.Answer, error) {
			time.Sleep(time.Second)
			return deciding(consent.Permit)(ctx, q)
		}, "")
		token := tokenOf(old)
		var group sync.WaitGroup
		for i := range 20 {
			group.Go(func() {
				time.Sleep(time.Duration(i) * 100 * time.Millisecond) // some come when it is over
				verdict, err := c.Check(token)
				assert.NoError(t, err)
				assert.True(t, verdict.Holds)
			})
		}
		group.Wait()
		assert.Equal(t, 1, c.asked())
		assert.Zero(t, c.parts.Requests.Close(time.Second, 0), "something runs still")
	})
}

// TestALookEndsByItself: nobody who waits for it gives it an end.
func TestALookEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestChecker(t, func(ctx context.Context, _ consent.Question) (mitzclient.Answer, error) {
			<-ctx.Done()
			return mitzclient.Answer{}, &mitzclient.Error{Code: mitzclient.Timeout}
		}, "keep")
		began := time.Now()
		verdict, err := c.Check(tokenOf(old))
		require.NoError(t, err)
		assert.True(t, verdict.Holds)
		assert.Equal(t, time.Minute, time.Since(began))
	})
}

// TestAStopWaitsForALook, and ends it when that takes too long.
func TestAStopWaitsForALook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestChecker(t, func(ctx context.Context, _ consent.Question) (mitzclient.Answer, error) {
			<-ctx.Done()
			return mitzclient.Answer{}, &mitzclient.Error{Code: mitzclient.Canceled}
		}, "")
		var verdict Verdict
		var group sync.WaitGroup
		group.Go(func() { verdict, _ = c.Check(tokenOf(old)) })
		synctest.Wait()
		assert.Zero(t, c.parts.Requests.Close(time.Second, time.Second))
		group.Wait()
		assert.False(t, verdict.Holds)
	})
}

func TestNobodyFillsTheLogWithLooks(t *testing.T) {
	c := newTestChecker(t, deciding(consent.Permit), "keep")
	c.parts.Requests.Close(0, 0)
	for range 100 {
		_, err := c.Check(tokenOf(old))
		require.NoError(t, err)
	}
	told := len(regexp.MustCompile(`could not be looked at again"`).FindAllString(c.log.String(), -1))
	assert.Equal(t, 6, told)
	c.parts.Recorder.Flush()
	assert.Contains(t, c.log.String(), "count=94")
}

// TestWhatIsTold compares what is told of a look that ends a token.
func TestWhatIsTold(t *testing.T) {
	for _, tc := range []struct {
		name     string
		decision consent.Decision
		entries  [][2]string // action and code
		events   []string
	}{
		{"there is consent", consent.Permit, [][2]string{{"query", "asked"}, {"consult", "permit"}}, []string{"MitzConsult"}},
		{"there is none", consent.Deny, [][2]string{{"query", "asked"}, {"consult", "denied"}, {"tokens-revoked", "recheck"}}, []string{"MitzConsult", "MitzTokensRevoked"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newTestChecker(t, deciding(tc.decision), "")
			path, audits := c.openAuditFile(t), audit.CaptureAuditLogs(t)
			_, err := c.Check(tokenOf(old))
			require.NoError(t, err)
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			var entries [][2]string
			for _, found := range regexp.MustCompile(`"code":"([a-z-]+)"}\],"action":"E".*?"outcomeDesc":"([a-z_]+)".*`).FindAllStringSubmatch(string(content), -1) {
				entries = append(entries, [2]string{found[1], found[2]})
				assert.Contains(t, found[0], testBSN)
				assert.Regexp(t, `urn:uuid:request-2.*urn:uuid:request-1`, found[0], "it leads to the request for the token")
				assert.Contains(t, found[0], "did:web:midwife.example")
			}
			assert.Equal(t, tc.entries, entries)
			var events []string
			for _, entry := range audits.Hook.AllEntries() {
				events = append(events, entry.Data["event"].(string))
				assert.Equal(t, "hospital-east", entry.Data["subject"])
				assert.Equal(t, "request-2", entry.Data["request_id"])
			}
			assert.Equal(t, tc.events, events)
			assert.NotContains(t, c.log.String(), testBSN)
		})
	}
}
