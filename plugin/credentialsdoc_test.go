// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v2/cert"
	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jws"
	"github.com/nuts-foundation/go-did/vc"
	"github.com/nuts-foundation/nuts-node/vcr/pe"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/commandtest"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/node"
)

// documentedBlock finds the marked blocks of docs/credentials.md.
var documentedBlock = regexp.MustCompile("(?s)<!-- (sample|question|example): ([^>]*?) -->\n```(?:json|yaml)\n(.*?)```")

// documented is what docs/credentials.md holds.
type documented struct {
	config    string
	names     []string          // of the samples, in their order
	samples   map[string]string // by name, which begins with the attribute
	questions map[string]string // by name
}

func readDocumented(t *testing.T) documented {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "docs", "credentials.md"))
	require.NoError(t, err)
	result := documented{samples: map[string]string{}, questions: map[string]string{}}
	for _, block := range documentedBlock.FindAllStringSubmatch(string(page), -1) {
		switch block[1] {
		case "sample":
			result.names = append(result.names, block[2])
			result.samples[block[2]] = block[3]
		case "question":
			result.questions[block[2]] = block[3]
		default:
			result.config = block[3]
		}
	}
	blocks := strings.Count(string(page), "```json\n") + strings.Count(string(page), "```yaml\n")
	require.Equal(t, blocks, len(result.samples)+len(result.questions)+1, "every block is marked")
	return result
}

// attributeOf is the attribute that a sample's name begins with.
func attributeOf(name string) string {
	attribute, _, _ := strings.Cut(name, ",")
	return attribute
}

// TestDocumentedCredentials runs the samples of docs/credentials.md through the built-in
// definition and the policy: each form leads to the documented question.
func TestDocumentedCredentials(t *testing.T) {
	docs := readDocumented(t)
	decided := documentedPolicy(t, docs.config)
	issuer := newSampleIssuer(t)
	credentials := map[string]vc.VerifiableCredential{}
	base := map[string]string{} // the first sample of each attribute that everyone needs
	for _, name := range docs.names {
		credentials[name] = issuer.issue(t, docs.samples[name])
		if attribute := attributeOf(name); base[attribute] == "" && attribute != "delegation" {
			base[attribute] = name
		}
	}
	require.Len(t, base, 4)
	ask := func(t *testing.T, chosen map[string]string) (consent.Question, error) {
		t.Helper()
		var presented []vc.VerifiableCredential
		for _, name := range chosen {
			presented = append(presented, credentials[name])
		}
		return askAbout(t, decided, presented)
	}
	for _, name := range docs.names {
		t.Run(name, func(t *testing.T) {
			chosen := maps.Clone(base)
			chosen[attributeOf(name)] = name
			question, err := ask(t, chosen)
			require.NoError(t, err)
			expected := docs.questions["in person"]
			if attributeOf(name) == "delegation" {
				expected = docs.questions["under mandate"]
			}
			assertQuestion(t, expected, question)
		})
	}
	t.Run("the configured facility type stands in for the credential", func(t *testing.T) {
		chosen := maps.Clone(base)
		delete(chosen, "facilitytype")
		question, err := ask(t, chosen)
		require.NoError(t, err)
		assertQuestion(t, docs.questions["in person"], question)
	})
	for _, attribute := range []string{"organization", "practitioner", "enrollment"} {
		t.Run("none of the others can be missed: "+attribute, func(t *testing.T) {
			chosen := maps.Clone(base)
			delete(chosen, attribute)
			_, err := ask(t, chosen)
			assert.ErrorContains(t, err, "claim missing")
		})
	}
	t.Run("every credential that the definition asks for has a sample", func(t *testing.T) {
		for _, requirement := range decided.Explain(decided.Profile("birth-care")).Requirements {
			for _, accepted := range requirement.Credentials {
				for _, credentialType := range accepted.Types {
					assert.True(t, slices.ContainsFunc(docs.names, func(name string) bool {
						return strings.Contains(docs.samples[name], `"`+credentialType+`"`)
					}), credentialType)
				}
			}
		}
	})
}

// documentedPolicy takes the page's configuration through the whole check, in strict mode.
func documentedPolicy(t *testing.T, section string) *policy.Policy {
	t.Helper()
	identity, err := mitztest.NewIdentity()
	require.NoError(t, err)
	files, err := identity.WriteFiles(t.TempDir())
	require.NoError(t, err)
	_, system, err := commandtest.Command{Name: "explain"}.Run(t, "url: https://node.example\n"+strings.NewReplacer(
		"/etc/nuts/mitz/client.pem", files.Certificate,
		"/etc/nuts/mitz/client.key", files.Key,
		"/etc/nuts/mitz/ca.pem", files.TrustStore,
	).Replace(section))
	require.NoError(t, err)
	return commandtest.Config(t, system).Policy
}

// askAbout has the built-in definition choose from a wallet, as a requester's node does,
// and makes the question of all that was chosen.
func askAbout(t *testing.T, decided *policy.Policy, wallet []vc.VerifiableCredential) (consent.Question, error) {
	t.Helper()
	profile := decided.Profile("birth-care")
	evidence := policy.Evidence{Basis: policy.BasisCredentials, Subject: "hospital-east", Now: sampleNow}
	chosen, _, err := profile.Definition[pe.WalletOwnerOrganization].Match(wallet)
	if err == nil {
		require.Len(t, chosen, len(wallet), "a credential that the definition does not ask for")
	}
	for _, each := range wallet {
		require.True(t, each.ValidAt(sampleNow, 0), "a sample is not valid: %s", each.ID)
		evidence.Credentials = append(evidence.Credentials, node.CredentialEvidence(each, samplePresenter))
	}
	made, refusal := decided.Case(profile, evidence)
	if refusal != nil {
		return consent.Question{}, refusal
	}
	require.NoError(t, err, "the definition refuses what the policy accepts")
	return made.Question(), nil
}

const samplePresenter = "did:web:midwives.example:iam:practice"

var sampleNow = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

// sampleIssuer signs the samples that are JWTs, with a certificate that is valid as long
// as those of UZI are. Nobody here verifies it: what a sample says is what is tested.
type sampleIssuer struct {
	key   *rsa.PrivateKey
	chain *cert.Chain
}

func newSampleIssuer(t *testing.T) sampleIssuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sample"},
		NotBefore: sampleNow.AddDate(-1, 0, 0), NotAfter: sampleNow.AddDate(2, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	chain := &cert.Chain{}
	require.NoError(t, chain.Add([]byte(base64.StdEncoding.EncodeToString(der))))
	return sampleIssuer{key: key, chain: chain}
}

// issue makes a credential of a sample: a JWT of a payload, or the object that it is.
func (i sampleIssuer) issue(t *testing.T, sample string) vc.VerifiableCredential {
	t.Helper()
	var payload struct {
		Issuer string `json:"iss"`
	}
	require.NoError(t, json.Unmarshal([]byte(sample), &payload))
	if payload.Issuer != "" {
		headers := jws.NewHeaders()
		require.NoError(t, headers.Set(jws.X509CertChainKey, i.chain))
		require.NoError(t, headers.Set(jws.KeyIDKey, payload.Issuer+"#0"))
		signed, err := jws.Sign([]byte(sample), jws.WithKey(jwa.PS256, i.key, jws.WithProtectedHeaders(headers)))
		require.NoError(t, err)
		sample = string(signed)
	}
	credential, err := vc.ParseVerifiableCredential(sample)
	require.NoError(t, err)
	return *credential
}

// assertQuestion compares a question with one that the page tells.
func assertQuestion(t *testing.T, expected string, question consent.Question) {
	t.Helper()
	var patient struct{ Patient string }
	require.NoError(t, json.Unmarshal([]byte(expected), &patient))
	bsn, err := consent.ParseBSN(patient.Patient)
	require.NoError(t, err)
	assert.True(t, question.Patient.Equal(bsn), "another patient")
	type object = map[string]any
	requester := object{
		"ura": question.Requester.URA, "facilityType": question.Requester.FacilityType,
		"responsible": object{
			"register": question.Requester.Responsible.ID.Root, "number": question.Requester.Responsible.ID.Extension,
			"role": question.Requester.Responsible.Role,
		},
	}
	if mandated := question.Requester.Mandated; mandated != nil {
		requester["mandated"] = object{"register": mandated.Root, "number": mandated.Extension}
	}
	actual, err := json.Marshal(object{
		"patient": patient.Patient, "dataHolder": object{"ura": question.DataHolder.URA, "facilityType": question.DataHolder.FacilityType},
		"requester": requester, "categories": question.Categories, "purpose": question.Purpose,
	})
	require.NoError(t, err)
	assert.JSONEq(t, expected, string(actual))
}
