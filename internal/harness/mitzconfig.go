// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"bytes"
	"text/template"
)

// MitzConfig is the mitz section of nuts.yaml, as docs/ and README.md describe it. A test
// that needs a wrong section writes its own YAML.
type MitzConfig struct {
	Endpoint string // empty: the data holder has no Mitz
	Timeout  string // empty: the plugin's default
	// QueriesPerMinute is 0 for as many as a test wants.
	QueriesPerMinute int
	CertFile         string
	CertKeyFile      string // empty: CertFile is PKCS#12
	PasswordFile     string // empty: there is no password
	TrustStoreFile   string
	DataHolders      []DataHolder
	Profiles         []MitzProfile
	Trust            MitzTrust
	FacilityTypes    map[string]string // of requesters, by URA
	// KeyFile is that of withdrawal.keyfile, see [Workspace.PatientKeys]; empty: there is none.
	KeyFile string
	// NotifyURL is where Mitz notifies, in which [NodeURL] stands for the node's own address,
	// such as in [NotifyURL]; empty: it does not.
	NotifyURL string
	// NotifyCertNames are whose client certificate Mitz must notify with, of the roots in
	// TrustStoreFile; empty: it needs none.
	NotifyCertNames []string
	// Kinds are the kinds of care provider with their types; nil: the plugin's default.
	Kinds map[string][]string
	// Registration says which consents that a requester recorded are accepted.
	Registration MitzRegistration
	// Issuer is that of localization.issuer; empty: nobody asks where data are.
	Issuer string
	// SigningKeyFile is what it signs with; empty: it does not.
	SigningKeyFile string
	// FHIRBases are those of access.fhirbases.
	FHIRBases []string
	// AuditFile is the NEN 7513 log; empty: there is none.
	AuditFile string
	// Files with more data holders, and more types of requesters; empty: none.
	DataHoldersFile, FacilityTypesFile string
}

// DataHolder is a care organisation for which the node answers.
type DataHolder struct {
	Subject      string
	URA          string
	FacilityType string
}

// MitzProfile is a guarded scope.
type MitzProfile struct {
	Scope                  string
	Categories             []string
	Purpose                string
	Grounds                []string // empty: the plugin's default
	AfterDeny              string   // empty: the plugin's default
	PresentationDefinition string   // a file; empty: the built-in definition
	Claims                 map[string]string
	EnrollmentMaxAge       string // empty: no limit
	AllowUnconstrained     bool
	Recheck                string // empty: never
	RecheckFailure         string // empty: the plugin's default
	Subscribe              bool
}

const (
	// NodeURL stands in [NodeConfig.YAML] for the node's own address.
	NodeURL = "${node}"
	// NotifyURL is where Mitz notifies a node that is on its own.
	NotifyURL = NodeURL + "/mitz/notify"
	// PublicURL stands there for its public address without the TLS in front of it.
	PublicURL = "${public}"
)

// MitzTrust names who may issue which attribute.
type MitzTrust struct {
	Organization []string
	FacilityType []string
	Practitioner []string
	Enrollment   []string
	Delegation   []string // nil: nobody
	Attestation  []string // nil: nobody
	Membership   []string // nil: nobody
}

// MitzRegistration says which consents that a requester recorded are accepted, and where they
// are registered at Mitz. What is empty is the plugin's default.
type MitzRegistration struct {
	Endpoint        string
	Identifications []string
	Agreements      []string
	MaxAge          string
}

var mitzTemplate = template.Must(template.New("mitz").Parse(`mitz:
{{- with .Endpoint}}
  endpoint: {{printf "%q" .}}
{{- end}}
{{- with .Timeout}}
  timeout: {{printf "%q" .}}
{{- end}}
  queriesperminute: {{or .QueriesPerMinute 1000000}}
{{- if or .CertFile .TrustStoreFile}}
  tls:
    certfile: {{printf "%q" .CertFile}}
    certkeyfile: {{printf "%q" .CertKeyFile}}
{{- with .PasswordFile}}
    passwordfile: {{printf "%q" .}}
{{- end}}
    truststorefile: {{printf "%q" .TrustStoreFile}}
{{- end}}
{{- with .AuditFile}}
  audit:
    file: {{printf "%q" .}}
{{- end}}
{{- if or .KeyFile .NotifyURL .Kinds}}
  withdrawal:
{{- end}}
{{- with .KeyFile}}
    keyfile: {{printf "%q" .}}
{{- end}}
{{- with .NotifyURL}}
    notifyurl: {{printf "%q" .}}
    gatewaysystem: "2.999.1"
    sourcesystem: "2.999.1.2"
{{- end}}
{{- if .NotifyCertNames}}
    notifytruststorefile: {{printf "%q" .TrustStoreFile}}
    notifycertnames: [{{range $i, $n := .NotifyCertNames}}{{if $i}}, {{end}}{{printf "%q" $n}}{{end}}]
{{- end}}
{{- with .Kinds}}
    providercategories:
{{- range $code, $types := .}}
      - code: {{printf "%q" $code}}
        facilitytypes: [{{range $i, $t := $types}}{{if $i}}, {{end}}{{printf "%q" $t}}{{end}}]
{{- end}}
{{- end}}
{{- with .Registration}}
{{- if or .Endpoint .Identifications .Agreements .MaxAge}}
  registration:
{{- end}}
{{- with .Endpoint}}
    endpoint: {{printf "%q" .}}
{{- end}}
{{- if .Identifications}}
    identifications: [{{range $i, $w := .Identifications}}{{if $i}}, {{end}}{{printf "%q" $w}}{{end}}]
{{- end}}
{{- if .Agreements}}
    agreements: [{{range $i, $w := .Agreements}}{{if $i}}, {{end}}{{printf "%q" $w}}{{end}}]
{{- end}}
{{- with .MaxAge}}
    maxage: {{printf "%q" .}}
{{- end}}
{{- end}}
{{- if .FHIRBases}}
  access:
    fhirbases: [{{range $i, $b := .FHIRBases}}{{if $i}}, {{end}}{{printf "%q" $b}}{{end}}]
{{- end}}
{{- with .Issuer}}
  localization:
    issuer: {{printf "%q" .}}
{{- end}}
{{- with .SigningKeyFile}}
    signingkeyfile: {{printf "%q" .}}
{{- end}}
{{- with .DataHoldersFile}}
  dataholdersfile: {{printf "%q" .}}
{{- end}}
{{- with .FacilityTypesFile}}
  facilitytypesfile: {{printf "%q" .}}
{{- end}}
{{- if .DataHolders}}
  dataholders:
{{- end}}
{{- range .DataHolders}}
    - subject: {{printf "%q" .Subject}}
      ura: {{printf "%q" .URA}}
      facilitytype: {{printf "%q" .FacilityType}}
{{- end}}
  profiles:
{{- range .Profiles}}
    - scope: {{printf "%q" .Scope}}
      categories: [{{range $i, $c := .Categories}}{{if $i}}, {{end}}{{printf "%q" $c}}{{end}}]
      purpose: {{printf "%q" .Purpose}}
{{- if .Grounds}}
      grounds: [{{range $i, $g := .Grounds}}{{if $i}}, {{end}}{{printf "%q" $g}}{{end}}]
{{- end}}
{{- with .AfterDeny}}
      afterdeny: {{printf "%q" .}}
{{- end}}
{{- with .PresentationDefinition}}
      presentationdefinition: {{printf "%q" .}}
{{- end}}
{{- with .Recheck}}
      recheck: {{printf "%q" .}}
{{- end}}
{{- with .RecheckFailure}}
      recheckfailure: {{printf "%q" .}}
{{- end}}
{{- if .Subscribe}}
      subscribe: true
{{- end}}
{{- with .EnrollmentMaxAge}}
      enrollmentmaxage: {{printf "%q" .}}
{{- end}}
{{- if .AllowUnconstrained}}
      allowunconstrained: true
{{- end}}
{{- with .Claims}}
      claims:
{{- range $claim, $name := .}}
        {{$claim}}: {{printf "%q" $name}}
{{- end}}
{{- end}}
{{- end}}
  trust:
    organization: [{{range $i, $d := .Trust.Organization}}{{if $i}}, {{end}}{{printf "%q" $d}}{{end}}]
    facilitytype: [{{range $i, $d := .Trust.FacilityType}}{{if $i}}, {{end}}{{printf "%q" $d}}{{end}}]
    practitioner: [{{range $i, $d := .Trust.Practitioner}}{{if $i}}, {{end}}{{printf "%q" $d}}{{end}}]
    enrollment: [{{range $i, $d := .Trust.Enrollment}}{{if $i}}, {{end}}{{printf "%q" $d}}{{end}}]
{{- with .Trust.Delegation}}
    delegation: [{{range $i, $d := .}}{{if $i}}, {{end}}{{printf "%q" $d}}{{end}}]
{{- end}}
{{- with .Trust.Attestation}}
    attestation: [{{range $i, $d := .}}{{if $i}}, {{end}}{{printf "%q" $d}}{{end}}]
{{- end}}
{{- with .Trust.Membership}}
    membership: [{{range $i, $d := .}}{{if $i}}, {{end}}{{printf "%q" $d}}{{end}}]
{{- end}}
{{- with .FacilityTypes}}
  facilitytypes:
{{- range $ura, $type := .}}
    {{printf "%q" $ura}}: {{printf "%q" $type}}
{{- end}}
{{- end}}
`))

// YAML renders the section for [NodeConfig.YAML].
func (c MitzConfig) YAML() (string, error) {
	var text bytes.Buffer
	err := mitzTemplate.Execute(&text, c)
	return text.String(), err
}
