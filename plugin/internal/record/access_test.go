// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package record

import (
	"errors"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	logrustest "github.com/sirupsen/logrus/hooks/test"
	"github.com/stretchr/testify/assert"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/access"
	"github.com/nuts-mitz/nuts-mitz/recordguard"
)

// TestAccessIsCountedAndRefusalsAreTold has a stranger and the holder of a token be refused time
// after time: neither hides the other.
func TestAccessIsCountedAndRefusalsAreTold(t *testing.T) {
	log := logrustest.NewGlobal()
	t.Cleanup(log.Reset)
	recorder := New(time.Now)
	count := func(outcome string) float64 {
		return testutil.ToFloat64(recorder.metrics.accesses.WithLabelValues(outcome))
	}
	recorder.Access("hospital-east", access.Verdict{RequestID: "request-1"}, nil)
	assert.Empty(t, log.AllEntries(), "what is allowed the record server tells")
	assert.InDelta(t, 1, count("allowed"), 0)
	recorder.Access("hospital-east", access.Verdict{Refusal: recordguard.PatientUnknown, PatientNeeded: true, RequestID: "request-1"}, nil)
	assert.Empty(t, log.AllEntries(), "the gateway asks again")
	assert.InDelta(t, 1, count("patient_needed"), 0)

	for range 20 {
		recorder.Access("hospital-east", access.Verdict{Refusal: recordguard.TokenNotActive}, nil)
	}
	recorder.Access("hospital-east", access.Verdict{Refusal: recordguard.OtherPatient, RequestID: "request-1"}, nil)
	assert.InDelta(t, 20, count("token_not_active"), 0)
	assert.InDelta(t, 1, count("other_patient"), 0)
	assert.Len(t, log.AllEntries(), 7)
	last := log.LastEntry()
	assert.Equal(t, "request-1", last.Data["request_id"])
	assert.Equal(t, "other_patient", last.Data["outcome"])
	assert.Equal(t, "hospital-east", last.Data["subject"])

	recorder.Access("hospital-east", access.Verdict{}, errors.New("connection refused"))
	assert.InDelta(t, 1, count("undetermined"), 0)
	log.Reset()
	recorder.Flush()
	assert.Len(t, log.AllEntries(), 2)
	assert.Equal(t, 14, log.AllEntries()[0].Data["count"])
	assert.Equal(t, "token_not_active", log.AllEntries()[0].Data["outcome"])
}
