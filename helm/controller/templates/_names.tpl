{{/* Names, labels and images. Nothing here or elsewhere runs a value through tpl. */}}

{{/* What every object's name begins with; StatefulSets leave room for 43 characters. */}}
{{- define "controller.name" -}}
{{- if regexMatch "^[0-9]" .Release.Name }}{{ fail "A Service's name starts with a letter, so the release's must" }}{{ end -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* Labels that select pods; they never change. Argument: (list root component). */}}
{{- define "controller.selector" -}}
app.kubernetes.io/name: controller
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* Labels of a pod. Argument: (list root component). */}}
{{- define "controller.podLabels" -}}
{{ include "controller.selector" . }}
app.kubernetes.io/part-of: store-controller
{{- end }}

{{/* Labels of an object. Argument: (list root component). */}}
{{- define "controller.labels" -}}
{{ include "controller.podLabels" . }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
helm.sh/chart: {{ (index . 0).Chart.Name }}-{{ (index . 0).Chart.Version }}
{{- end }}

{{/* An image's full name. */}}
{{- define "controller.image" -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag }}{{ end }}
{{- end }}

{{/* The host of publicUrl, without its port. */}}
{{- define "controller.host" -}}
{{- (urlParse .Values.publicUrl).hostname -}}
{{- end }}

{{/* A setting as an environment variable has it; whole numbers stay whole. */}}
{{- define "controller.setting" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) }}{{ int64 . }}{{ else }}{{ . }}{{ end -}}
{{- end }}

{{/* What is not a secret of the settings, by variable. */}}
{{- define "controller.settings" -}}
STORECTL_HOME: /var/lib/storectl
STORECTL_HOST: "0.0.0.0"
STORECTL_PORT: "8080"
STORECTL_PUBLIC_URL: {{ .Values.publicUrl | quote }}
STORECTL_LOG_LEVEL: {{ .Values.logLevel | quote }}
STORECTL_LOG_JSON: "true"
STORECTL_TERRAFORM__STATES: {{ .Values.terraformStates | quote }}
STORECTL_TERRAFORM__NAMESPACE: {{ .Release.Namespace | quote }}
{{- range $name, $value := .Values.settings }}
{{ $name }}: {{ include "controller.setting" $value | quote }}
{{- end }}
{{- end }}
