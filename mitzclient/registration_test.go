// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

const midwife = "12345678"

func registrationOf(t testing.TB) ConsentRegistration {
	q := question(t, "GGC002")
	return ConsentRegistration{
		ID: uuid.NewString(), Patient: q.Patient, DataHolder: q.DataHolder, Categories: []consent.Category{"GGC002", "GGC012"},
		RequesterTypes: []consent.FacilityType{q.Requester.FacilityType}, Requester: midwife,
		Professional: consent.Professional{ID: consent.ProfessionalID{Root: consent.RootUZI, Extension: "900000009"}, Role: "03.000"},
		RecordedAt:   time.Now(), Identification: "wid", Agreement: "3.8",
	}
}

func TestAConsentIsRegistered(t *testing.T) {
	mitz := simulate(t, Hooks{})
	r := registrationOf(t)
	require.NoError(t, mitz.RegisterConsent(t.Context(), r))
	unprocessed, err := mitz.UnprocessedConsents(t.Context(), r.DataHolder.URA)
	require.NoError(t, err)
	require.Equal(t, 2, unprocessed, "accepted is not yet in force")

	require.NoError(t, mitz.RegisterConsent(t.Context(), r))
	require.Len(t, mitz.Registrations(), 1, "the same again changes nothing")
	require.Equal(t, 1, mitz.Process())
	unprocessed, err = mitz.UnprocessedConsents(t.Context(), r.DataHolder.URA)
	require.NoError(t, err)
	require.Zero(t, unprocessed)

	kept := mitz.Registrations()[0]
	require.True(t, kept.Patient.Equal(r.Patient))
	require.Equal(t, []any{r.ID, r.DataHolder.URA, r.DataHolder.FacilityType, r.Categories, r.RequesterTypes, r.Requester, r.Professional, "wid", "3.8"},
		[]any{kept.ID, kept.DataHolder, kept.DataHolderType, kept.Categories, kept.RequesterTypes, kept.Requester, kept.Professional, kept.Identification, kept.Agreement})
	require.Equal(t, r.RecordedAt.Unix(), kept.RecordedAt.Unix())
	answer, err := mitz.Consult(t.Context(), question(t, "GGC002"))
	require.NoError(t, err)
	require.Equal(t, consent.Permit, answer.Decisions["GGC002"])
	require.Empty(t, mitz.Refusals())
}

// TestARegistrationIsNotSentAgain: consent may have been withdrawn meanwhile. Who calls again changes
// nothing by it.
func TestARegistrationIsNotSentAgain(t *testing.T) {
	for _, behaviour := range []mitztest.Behaviour{mitztest.Dropping, mitztest.HTTPStatus(500), mitztest.HTTPStatus(503)} {
		t.Run(behaviour.String(), func(t *testing.T) {
			mitz := simulate(t, Hooks{})
			mitz.MisbehaveOnce(mitztest.Registering{Behaviour: behaviour})
			r := registrationOf(t)
			failure := failureOfRegistering(t, mitz.RegisterConsent(t.Context(), r))
			require.Equal(t, 1, failure.Attempts)
			require.NoError(t, mitz.RegisterConsent(t.Context(), r))
			require.Len(t, mitz.Registrations(), 1)
		})
	}
}

func TestARegistrationThatIsNotTaken(t *testing.T) {
	for _, tc := range []struct {
		behaviour mitztest.Behaviour
		want      Error
	}{
		{mitztest.HTTPStatus(401), Error{Code: HTTPStatus, Detail: "unauthorized", Status: 401, Attempts: 1}},
		{mitztest.HTTPStatus(400), Error{Code: HTTPStatus, Detail: "bad_request", Status: 400, Attempts: 1}},
		{mitztest.HTTPStatus(422), Error{Code: HTTPStatus, Detail: "unprocessable", Status: 422, Attempts: 1}},
		{mitztest.TooManyRequests(time.Minute), Error{Code: HTTPStatus, Detail: "throttled", Status: 429, Attempts: 1, RetryAfter: time.Minute}},
	} {
		t.Run(tc.behaviour.String(), func(t *testing.T) {
			mitz := simulate(t, Hooks{})
			mitz.Misbehave(mitztest.Registering{Behaviour: tc.behaviour})
			failure := failureOfRegistering(t, mitz.RegisterConsent(t.Context(), registrationOf(t)))
			require.NoError(t, uuid.Validate(failure.RequestID))
			failure.RequestID = ""
			require.Equal(t, tc.want, *failure)
			_, err := mitz.Consult(t.Context(), question(t, "GGC002"))
			require.NoError(t, err, "consults have a budget of their own")
		})
	}
}

func failureOfRegistering(t *testing.T, err error) *Error {
	t.Helper()
	failure, ok := errors.AsType[*Error](err)
	require.True(t, ok, "%v", err)
	require.NotContains(t, err.Error(), testBSN)
	return failure
}

// TestMessagesAboutRegistrations looks at what arrives.
func TestMessagesAboutRegistrations(t *testing.T) {
	var arrived []sent
	answer := ""
	server := start(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		arrived = append(arrived, sent{r.Method, r.RequestURI, string(body), r.Header.Clone()})
		w.Header().Set("Content-Type", "application/fhir+json; charset=utf-8")
		_, _ = io.WriteString(w, answer)
	})
	files := server.authority.files(t)
	link, err := NewLink(Config{Endpoint: server.URL, Files: &files, Registrations: RegistrationConfig{
		Endpoint: server.URL + "/fhir", Timeout: patience,
		Authorize: func(context.Context) (string, error) { return "SAML c2lnbmVk", nil },
	}}, Hooks{})
	require.NoError(t, err)
	t.Cleanup(link.Close)

	answer = `{"resourceType":"Parameters","parameter":[{"name":"n","valueInteger":7}]}`
	number, err := link.UnprocessedConsents(t.Context(), "00000659")
	require.NoError(t, err)
	require.Equal(t, 7, number)
	failure := failureOfRegistering(t, link.RegisterConsent(t.Context(), registrationOf(t)))
	require.Equal(t, []any{MalformedAnswer, "fhir", 1}, []any{failure.Code, failure.Detail, failure.Attempts}, "not the answer to a transaction")
	require.Len(t, arrived, 2)
	require.Equal(t, "GET /fhir/Consent/$processingStatus?providerid=00000659", arrived[0].method+" "+arrived[0].uri)
	require.Equal(t, "POST /fhir/", arrived[1].method+" "+arrived[1].uri)
	require.Equal(t, "application/fhir+json; charset=utf-8", arrived[1].header.Get("Content-Type"))
	require.Equal(t, 1, strings.Count(arrived[1].body, testBSN))
	for _, each := range arrived {
		require.Equal(t, "SAML c2lnbmVk", each.header.Get("Authorization"))
		require.Equal(t, "application/fhir+json", each.header.Get("Accept"))
		require.NoError(t, uuid.Validate(each.header.Get("X-Request-Id")))
		require.NotContains(t, fmt.Sprint(each.uri, each.header), testBSN)
	}
}

func TestWhatIsNotRegistered(t *testing.T) {
	mitz := simulate(t, Hooks{})
	invalid := registrationOf(t)
	invalid.Agreement = ""
	failure := failureOfRegistering(t, mitz.RegisterConsent(t.Context(), invalid))
	require.Equal(t, InvalidRegistration, failure.Code)
	_, err := mitz.UnprocessedConsents(t.Context(), "659")
	require.Equal(t, InvalidRegistration, failureOfRegistering(t, err).Code)
	require.Empty(t, mitz.Registrations())

	link, err := NewLink(Config{Endpoint: mitz.Endpoint(), Files: &mitz.files}, Hooks{})
	require.NoError(t, err)
	t.Cleanup(link.Close)
	require.Equal(t, InvalidRegistration, failureOfRegistering(t, link.RegisterConsent(t.Context(), registrationOf(t))).Code)
	require.Equal(t, StateClosed, link.RegistrationCircuit())
	_, err = link.UnprocessedConsents(t.Context(), "00000659")
	require.Equal(t, InvalidRegistration, failureOfRegistering(t, err).Code)
}

func TestNothingIsSentWithoutAuthorization(t *testing.T) {
	mitz := simulate(t, Hooks{})
	for _, authorize := range []func(context.Context) (string, error){
		func(context.Context) (string, error) { return "", io.EOF },
		func(context.Context) (string, error) { return "", nil },
		func(context.Context) (string, error) { return "a\nb", nil },
	} {
		link, err := NewLink(Config{Endpoint: mitz.Endpoint(), Files: &mitz.files, Registrations: RegistrationConfig{
			Endpoint: mitz.RegistrationURL(), Authorize: authorize,
		}}, Hooks{})
		require.NoError(t, err)
		t.Cleanup(link.Close)
		failure := failureOfRegistering(t, link.RegisterConsent(t.Context(), registrationOf(t)))
		require.Equal(t, NoAuthorization, failure.Code)
		require.Zero(t, failure.Attempts)
	}
	require.Empty(t, mitz.Registrations())
}

func TestRegistrationConfig(t *testing.T) {
	mitz := simulate(t, Hooks{})
	for problem, config := range map[string]RegistrationConfig{
		"registrations.endpoint: not a URL of the form https://host/path":                         {Endpoint: "geheim"},
		"registrations.endpoint: not of the scheme of the endpoint, with which it shares its TLS": {Endpoint: "http://mitz.example/fhir"},
		"registrations.timeout: negative":                                                         {Timeout: -1},
		"registrations.atonce: negative":                                                          {AtOnce: -1},
	} {
		_, err := NewLink(Config{Endpoint: mitz.Endpoint(), Files: &mitz.files, Registrations: config}, Hooks{})
		require.EqualError(t, err, problem)
	}
}

func TestARegistrationIsNotPrinted(t *testing.T) {
	r := registrationOf(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		require.Equal(t, "[registration]", fmt.Sprintf(verb, r))
	}
	require.Equal(t, "[registration]", r.LogValue().String())
}
