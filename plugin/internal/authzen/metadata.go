// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package authzen

// The paths below the address of a decision point (AuthZEN 1.0, section 10.1).
const (
	EvaluationPath  = "/access/v1/evaluation"
	EvaluationsPath = "/access/v1/evaluations"
)

// MetadataPath is where the metadata of a decision point are: between the host and the path of
// its address (AuthZEN 1.0, section 9.2).
const MetadataPath = "/.well-known/authzen-configuration"

// Metadata tell what a decision point has (AuthZEN 1.0, section 9.1). It searches nothing.
type Metadata struct {
	DecisionPoint       string `json:"policy_decision_point"` // its address
	EvaluationEndpoint  string `json:"access_evaluation_endpoint"`
	EvaluationsEndpoint string `json:"access_evaluations_endpoint"`
}

// MetadataOf returns the metadata of a decision point at an address, without a slash at its
// end.
func MetadataOf(address string) Metadata {
	return Metadata{
		DecisionPoint: address, EvaluationEndpoint: address + EvaluationPath, EvaluationsEndpoint: address + EvaluationsPath,
	}
}
