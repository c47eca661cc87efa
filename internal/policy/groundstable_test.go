// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

var updateTables = flag.Bool("update", false, "write the table in docs/scenarios.md")

// event is what can happen at a ground, with what follows: the table in docs/scenarios.md.
type event struct {
	ground GroundName // empty: before any ground
	what   string     // for the table
	met    string     // for the test
	// continues is the profile's afterdeny for which it holds: stop, continue, or both.
	afterdeny string
	permits   bool
	later     []GroundName // those that may permit after it, where the profile lists them later
	refused   string       // the OAuth error where none does
}

var events = []event{
	{"", "An objection is presented", "objection", "", false, nil, "access_denied"},
	{GroundClosedQuery, "Mitz says Permit about every data category", "permit", "", true, nil, ""},
	{GroundClosedQuery, "Mitz says Deny, `afterdeny: stop`", "deny", "stop", false, nil, "access_denied"},
	{GroundClosedQuery, "Mitz says Deny, `afterdeny: continue`", "deny", "continue", false, []GroundName{GroundRegistration}, "access_denied"},
	{GroundClosedQuery, "Mitz cannot be asked, or gives no decision", "trouble", "", false, []GroundName{GroundAttestation, GroundRegistration}, "server_error"},
	{GroundAttestation, "no attestation is presented", "none", "", false, GroundNames(), "access_denied"},
	{GroundAttestation, "one that is right", "right", "", true, nil, ""},
	{GroundAttestation, "one from before a withdrawal that the node was told of, `afterdeny: stop`", "before", "stop", false, nil, "access_denied"},
	{GroundAttestation, "one from before a withdrawal, `afterdeny: continue`", "before", "continue", false, []GroundName{GroundRegistration}, "access_denied"},
	{GroundAttestation, "one that is wrong, or two", "wrong", "", false, []GroundName{GroundRegistration}, "invalid_request"},
	{GroundRegistration, "no registration is presented", "none", "", false, GroundNames(), "access_denied"},
	{GroundRegistration, "one that is right, with a membership that is right", "right", "", true, nil, ""},
	{GroundRegistration, "one from before a withdrawal that the node was told of", "before", "", false, nil, "access_denied"},
	{GroundRegistration, "one that is wrong, or two, or a membership that is wrong or missing", "wrong", "", false, []GroundName{GroundAttestation}, "invalid_request"},
}

// eventOf finds the row of the table for what happens at a ground.
func eventOf(t *testing.T, ground GroundName, met, afterdeny string) event {
	t.Helper()
	at := slices.IndexFunc(events, func(e event) bool {
		return e.ground == ground && e.met == met && (e.afterdeny == "" || e.afterdeny == afterdeny)
	})
	require.GreaterOrEqual(t, at, 0, "%s %s", ground, met)
	return events[at]
}

// expected reads the table: which ground gives a token, or with which error it is refused, and
// how often Mitz is asked. Of several errors a Deny comes first, and then the one that was first.
func expected(t *testing.T, profile []GroundName, afterdeny string, met map[GroundName]string) (by GroundName, refused string, queries int) {
	t.Helper()
	if met[""] != "" {
		return "", eventOf(t, "", met[""], afterdeny).refused, 0
	}
	may := GroundNames()
	for _, ground := range profile {
		if !slices.Contains(may, ground) {
			continue
		}
		if ground == GroundClosedQuery {
			queries++
		}
		row := eventOf(t, ground, met[ground], afterdeny)
		if row.permits {
			return ground, "", queries
		}
		may = filter(may, func(each GroundName) bool { return slices.Contains(row.later, each) })
		if met[ground] != "none" && (refused == "" || row.refused == "access_denied") {
			refused = row.refused
		}
	}
	if refused == "" {
		refused = "access_denied"
	}
	return "", refused, queries
}

// orders are all ways in which a profile can list grounds.
func orders(of []GroundName) [][]GroundName {
	all := [][]GroundName{}
	for i, first := range of {
		rest := slices.Delete(slices.Clone(of), i, i+1)
		all = append(all, []GroundName{first})
		for _, order := range orders(rest) {
			all = append(all, append([]GroundName{first}, order...))
		}
	}
	return all
}

// kindOf is the OAuth error as which the guard shows the end of a case.
func kindOf(err error) string {
	var refusal *Refusal
	switch {
	case err == nil:
		return ""
	case !errors.As(err, &refusal):
		return "server_error"
	case refusal.Reason() == ReasonDenied:
		return "access_denied"
	case slices.Contains(CredentialReasons(), refusal.Reason()):
		return "invalid_request"
	default:
		return "server_error"
	}
}

// TestATokenOnlyWhereTheTableSaysSo goes through every order of grounds with every combination of
// what Mitz answers and what is presented.
func TestATokenOnlyWhereTheTableSaysSo(t *testing.T) {
	wrongAttestation, wrongRegistration := attestation(), registration()
	wrongAttestation.Signed, wrongRegistration.Signed = false, false
	permitted := registration()
	permitted.ID += "2"
	attestedBefore, registeredBefore := attestation(), registration()
	attestedBefore.ID += fromBefore
	registeredBefore.ID += fromBefore
	answers := map[string]*fakeGround{
		"permit": permits(GroundClosedQuery), "deny": decides(GroundClosedQuery, consent.Deny), "trouble": fails(GroundClosedQuery, errTrouble),
	}
	attested := map[string][][]Credential{
		"none": {nil}, "right": {{attestation()}}, "before": {{attestedBefore}}, "wrong": {{wrongAttestation}, {attestation(), attestation()}},
	}
	registered := map[string][][]Credential{
		"none": {nil, {membership()}}, "right": {{registration(), membership()}},
		"before":    {{registeredBefore, membership()}},
		"wrong":     {{registration()}, {wrongRegistration, membership()}, {registration(), permitted, membership()}},
		"objection": {{objecting()}, {permitted, objecting(), membership()}},
	}
	tokens, cases := 0, 0
	for _, profile := range orders(GroundNames()) {
		for _, afterdeny := range []string{"stop", "continue"} {
			config := groundsConfig(profile...)
			config.Profiles[0].AfterDeny = afterdeny
			p := newPolicy(t, config)
			for answer, closed := range answers {
				for attestations, presented := range attested {
					for registrations, beside := range registered {
						met := map[GroundName]string{GroundClosedQuery: answer, GroundAttestation: attestations, GroundRegistration: registrations}
						if registrations == "objection" {
							met[""] = registrations
						}
						by, refused, queries := expected(t, profile, afterdeny, met)
						for _, one := range presented {
							for _, other := range beside {
								cases++
								asked := 0
								closed.sought = func() { asked++ }
								permission, err := establish(t, p, closed, presenting(append(slices.Clone(one), other...)...))
								context := fmt.Sprintf("%v, %s: %v", profile, afterdeny, met)
								assert.Equal(t, refused, kindOf(err), context)
								assert.Equal(t, queries, asked, context)
								if by == "" {
									assert.Nil(t, permission, context)
									continue
								}
								tokens++
								require.NotNil(t, permission, context)
								assert.Equal(t, by, permission.Ground(), context)
							}
						}
					}
				}
			}
		}
	}
	assert.Equal(t, 15*2*3*5*9, cases)
	assert.Greater(t, tokens, cases/10)
}

// TestTheTableOfGrounds holds docs/scenarios.md against the data of the test above.
func TestTheTableOfGrounds(t *testing.T) {
	const begin, end = "<!-- table: grounds -->\n", "<!-- end of table -->"
	path := filepath.Join("..", "..", "docs", "scenarios.md")
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(page), begin)
	require.True(t, found)
	_, after, found := strings.Cut(rest, end)
	require.True(t, found)
	wanted := before + begin + tableOfGrounds() + end + after
	if *updateTables {
		require.NoError(t, os.WriteFile(path, []byte(wanted), 0o644))
		return
	}
	assert.Equal(t, wanted, string(page), "go test ./internal/policy -run TestTheTableOfGrounds -args -update")
}

func tableOfGrounds() string {
	var table strings.Builder
	table.WriteString("| Ground | What happens | Token | Which later ground may still permit | Otherwise |\n|---|---|---|---|---|\n")
	for _, row := range events {
		ground, token, later := "before any ground", "no", "none"
		if row.ground != "" {
			ground = "`" + string(row.ground) + "`"
		}
		switch {
		case row.permits:
			token, later = "yes", ""
		case len(row.later) == len(GroundNames()):
			later = "each"
		case len(row.later) > 0:
			names := make([]string, len(row.later))
			for i, each := range row.later {
				names[i] = "`" + string(each) + "`"
			}
			later = strings.Join(names, ", ")
		}
		refused := ""
		if row.refused != "" {
			refused = "`" + row.refused + "`"
		}
		fmt.Fprintf(&table, "| %s | %s | %s | %s | %s |\n", ground, row.what, token, later, refused)
	}
	return table.String()
}
