// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// strictWorld has two nodes that run as those of care organisations must: in strict mode.
func strictWorld(t *testing.T) *harness.World {
	t.Helper()
	config := plainWorld()
	config.Strict = true
	return harness.StartWorld(t, config)
}

func TestStrictMode(t *testing.T) {
	t.Parallel()
	w := strictWorld(t)
	for _, node := range []*harness.Node{w.DataHolder, w.Requester} {
		log := string(must[[]byte](t)(os.ReadFile(node.LogFile())))
		require.True(t, strings.Contains(log, `\nstrictmode -> true\n`), node.Name)
	}
	require.NoError(t, w.StoreForUserGrant(t.Context(), patient))
	grants := map[string]func(t *testing.T) harness.Answer{
		"vp_token-bearer": func(t *testing.T) harness.Answer {
			_, err := w.RequestToken(t.Context(), patient, birthCare)
			require.NoError(t, err)
			return lastTokenAnswer(t, w)
		},
		"jwt-bearer": func(t *testing.T) harness.Answer { return newAttempt(t, w, harness.JWTBearer).send() },
		"authorization code": func(t *testing.T) harness.Answer {
			result, err := w.RequestUserToken(t.Context(), birthCare)
			require.NoError(t, err)
			return result.TokenAnswer
		},
		"a credential in JSON-LD": func(t *testing.T) harness.Answer {
			a := newAttempt(t, w, harness.VPToken)
			a.set.Facility = must[harness.Credential](t)(w.Requester.IssueJSONLD(t.Context(), time.Now().Add(time.Hour),
				w.Authority.DID, a.wallet.DID, harness.TypeFacility, harness.FacilityClaims("G3")))
			return a.send()
		},
	}
	for name, send := range grants {
		t.Run(name, func(t *testing.T) {
			reset(w)
			assertRefused(t, w, send(t), "access_denied", noConsent, 1)
			permit(t, w, patient, "00000659", "GGC002")
			introspection := assertPermitted(t, w, send(t))
			assert.Equal(t, "https://data-holder.nuts-mitz.internal/oauth2/hospital-east", introspection.Text("iss"))
			assert.Equal(t, true, introspection.Claims["mitz_consent"])
			assert.Len(t, w.Mitz.Queries(), 2)
		})
	}
	assert.Empty(t, w.Strangers(), "a node wanted something of the internet")

	t.Run("one thing that it forbids stops the start", func(t *testing.T) { testStrictModeForbids(t, w) })
}

// testStrictModeForbids takes the configuration with which the world's node runs, and
// spoils one thing.
func testStrictModeForbids(t *testing.T, w *harness.World) {
	for name, tc := range map[string]struct {
		spoil   func(section *harness.MitzConfig)
		problem string
	}{
		"Mitz without TLS": {
			func(section *harness.MitzConfig) { section.Endpoint = "http://localhost:1/tst-us/mitz" },
			"mitz.endpoint: must be https in strict mode",
		},
		"no client certificate": {
			func(section *harness.MitzConfig) { section.CertFile, section.CertKeyFile = "", "" },
			"mitz.tls.certfile: required in strict mode",
		},
		"the system's roots": {
			func(section *harness.MitzConfig) { section.TrustStoreFile = "" },
			"mitz.tls.truststorefile: required in strict mode",
		},
		"a definition that may be unconstrained": {
			func(section *harness.MitzConfig) {
				section.Profiles = []harness.MitzProfile{{Scope: birthCare, Categories: []string{"GGC002"}, Purpose: "TREAT", AllowUnconstrained: true}}
			},
			"mitz.profiles[0].allowunconstrained: refused in strict mode",
		},
		"requesters that say who they are": {
			func(section *harness.MitzConfig) { section.Trust.Organization = []string{"holder"} },
			"mitz.trust.organization: 'holder' is refused in strict mode",
		},
		"requesters that say what they are": {
			func(section *harness.MitzConfig) { section.Trust.FacilityType = []string{"holder"} },
			"mitz.trust.facilitytype: 'holder' is refused in strict mode",
		},
		"a whole CA that says what requesters are": {
			func(section *harness.MitzConfig) { section.Trust.FacilityType = []string{w.UZI.DIDPrefix() + "*"} },
			"mitz.trust.facilitytype: a whole CA is refused in strict mode",
		},
		"whoever has a certificate with a name in it": {
			func(section *harness.MitzConfig) {
				section.Trust.FacilityType = []string{w.UZI.DIDPrefix() + "subject:O:*"}
			},
			"mitz.trust.facilitytype: a whole CA is refused in strict mode",
		},
	} {
		t.Run(name, func(t *testing.T) {
			section := w.MitzConfig
			tc.spoil(&section)
			failed, err := w.StartExpectFailure(t.Context(), harness.NodeConfig{
				Name: "forbidden", Binary: binaries.Mitz, Strict: true, YAML: must[string](t)(section.YAML()),
			})
			require.NoError(t, err)
			assert.NotZero(t, failed.ExitCode)
			assert.Contains(t, failed.Message(), "unable to configure mitz: invalid configuration, 1 problem: "+tc.problem)
		})
	}
}
