{{- /* SPDX-FileCopyrightText: 2026 The nuts-mitz authors */ -}}
{{- /* SPDX-License-Identifier: GPL-3.0-or-later */ -}}

{{- /* The names of what belongs to a release. */ -}}
{{- define "nuts-mitz.name" -}}
{{- if contains "nuts-mitz" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-nuts-mitz" (.Release.Name | trunc 40 | trimSuffix "-") }}{{ end }}
{{- end }}

{{- define "nuts-mitz.selector" -}}
app.kubernetes.io/name: nuts-mitz
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "nuts-mitz.labels" -}}
{{ include "nuts-mitz.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "nuts-mitz.image" -}}
{{- if .Values.image.digest }}{{ .Values.image.repository }}@{{ .Values.image.digest }}{{ else }}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}
