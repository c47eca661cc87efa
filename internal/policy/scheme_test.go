// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import "time"

// testPass is the did:x509 of a pass: its number, kind, organisation and role.
func testPass(number, kind, ura, role string) string {
	return testFingerprint + "::san:otherName:2.16.528.1.1007.99.217-1-" + number + "-" + kind + "-" + ura + "-" + role + "-00000000"
}

// issuedBy makes a credential that was issued with a pass, within its validity.
func issuedBy(credentialType, issuer string, subject object) Credential {
	credential := credentialOf(credentialType, issuer, subject)
	credential.Certificate = validFrom(testNow.Add(-24 * time.Hour))
	return credential
}

// validFrom is a certificate that expires tomorrow.
func validFrom(notBefore time.Time) *Validity {
	return &Validity{NotBefore: notBefore, NotAfter: testNow.Add(24 * time.Hour)}
}

// scheme is a configuration in which passes, Dezi and the organisations' own credentials
// are trusted.
func scheme() Config {
	config := validConfig()
	passes := testFingerprint + "::*"
	config.Trust = map[string][]string{
		"organization": {passes, testVektis},
		"facilitytype": {testVektis},
		"practitioner": {"holder", "dezi", passes},
		"enrollment":   {"holder", passes},
		"delegation":   {"holder", passes},
	}
	config.Profiles[0].EnrollmentMaxAge = 30 * 24 * time.Hour
	return config
}

func nestedEnrollment(registeredBy any) object {
	return object{"hasEnrollment": object{
		"patient":    object{"identifier": object{"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": testBSN}},
		"enrolledBy": object{"identifier": registeredBy},
	}}
}

func nestedDelegation(number, role string) object {
	return object{"hasDelegation": object{
		"delegatedBy": object{"identifier": []any{
			object{"system": "http://fhir.nl/fhir/NamingSystem/uzi-nr-pers", "value": number},
		}},
		"roleCode": role,
	}}
}

// mandateAt is a mandate in the pilots' form for a kind of organisation.
func mandateAt(facilityType any) Credential {
	return credentialOf("HealthCareProfessionalDelegationCredential", testPresenter,
		object{"registeredBy": "900000008", "roleCode": "01.046", "facilityType": facilityType})
}

func dezi(ura, number, role string) Credential {
	credential := credentialOf("DeziUserCredential", "https://auth.dezi.example", object{
		"identifier": ura, "employee": object{"identifier": number, "role": role},
	})
	credential.Attested = true
	return credential
}
