{{/* Names, labels and images. Nothing here or elsewhere runs a value through tpl. */}}

{{/* What every object's name begins with; StatefulSets leave room for 43 characters. */}}
{{- define "magento.name" -}}
{{- if regexMatch "^[0-9]" .Release.Name }}{{ fail "A Service's name starts with a letter, so the release's must" }}{{ end -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* Labels that select pods; they never change. Argument: (list root component). */}}
{{- define "magento.selector" -}}
app.kubernetes.io/name: magento
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* Who the shop is, on every object and pod. */}}
{{- define "magento.owner" -}}
app.kubernetes.io/part-of: store-controller
storecontroller.io/uid: {{ .Values.store.uid | quote }}
{{- range $key := list "name" "tenant" "plan" }}
{{- with index $.Values.store $key }}
storecontroller.io/{{ eq $key "name" | ternary "store" $key }}: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* Labels of an object. Argument: (list root component). */}}
{{- define "magento.labels" -}}
{{ include "magento.selector" . }}
{{ include "magento.owner" (index . 0) }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
helm.sh/chart: {{ (index . 0).Chart.Name }}-{{ (index . 0).Chart.Version }}
{{- with (index . 0).Values.digest }}
storecontroller.io/digest: {{ . | quote }}
{{- end }}
{{- end }}

{{/* Labels of a pod that runs the store image; the network's rules go by the role. */}}
{{- define "magento.shopLabels" -}}
{{ include "magento.selector" . }}
{{ include "magento.owner" (index . 0) }}
storecontroller.io/role: shop
{{- end }}

{{/* Labels of a pod that serves the shop: database, cache, sessions, search. */}}
{{- define "magento.backendLabels" -}}
{{ include "magento.selector" . }}
{{ include "magento.owner" (index . 0) }}
storecontroller.io/role: backend
{{- end }}

{{/* An image's full name. */}}
{{- define "magento.image" -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag }}{{ end }}
{{- end }}

{{/* An image that is not ours, from the mirror where there is one: (list root image). */}}
{{- define "magento.foreign" -}}
{{ with (index . 0).Values.registryMirror }}{{ . }}/{{ end }}{{ include "magento.image" (index . 1) }}
{{- end }}

{{/* Where a service is: (list root "database"). */}}
{{- define "magento.host" -}}
{{- $root := index . 0 -}}
{{- $service := index $root.Values (index . 1) -}}
{{- if eq $service.mode "internal" -}}
{{ include "magento.name" $root }}-{{ index . 1 }}
{{- else if eq $service.mode "cache" -}}
{{ include "magento.host" (list $root "cache") }}
{{- else -}}
{{ $service.host }}
{{- end -}}
{{- end }}

{{/* The port it is reached at. */}}
{{- define "magento.port" -}}
{{- $root := index . 0 -}}
{{- $service := index $root.Values (index . 1) -}}
{{- if eq $service.mode "internal" -}}
{{ dict "database" 3306 "cache" 6379 "sessions" 6379 "search" 9200 | dig (index . 1) 0 }}
{{- else if eq $service.mode "cache" -}}
{{ include "magento.port" (list $root "cache") }}
{{- else -}}
{{ $service.port }}
{{- end -}}
{{- end }}

{{/* True where media hold the shop's pods on one node. */}}
{{- define "magento.oneNode" -}}
{{- if eq .Values.media.mode "volume" -}}
{{ eq (include "magento.accessMode" (list . "media" .Values.media.storage)) "ReadWriteOnce" }}
{{- else -}}
false
{{- end -}}
{{- end }}

{{/* True where the pods' role opens the bucket. */}}
{{- define "magento.mediaRole" -}}
{{ and (eq .Values.media.mode "s3") (eq .Values.media.s3.auth "role") }}
{{- end }}

{{/* The account of pods that run the store image; what serves them has one without rights. */}}
{{- define "magento.account" -}}
{{ .Values.serviceAccount.name | default (include "magento.name" .) }}
{{- end }}

{{/* The installer's: a role is taken on by one account alone, and the installer needs the bucket too. */}}
{{- define "magento.installAccount" -}}
{{ eq (include "magento.mediaRole" .) "true" | ternary (include "magento.account" .) (printf "%s-install" (include "magento.name" .)) }}
{{- end }}

{{/* The port that the bucket's server is reached at. */}}
{{- define "magento.mediaPort" -}}
{{- $endpoint := .Values.media.s3.endpoint -}}
{{- regexFind ":[0-9]+$" $endpoint | trimPrefix ":" | default (hasPrefix "http://" $endpoint | ternary "80" "443") -}}
{{- end }}

{{- define "magento.mediaClaim" -}}
{{ .Values.media.existingClaim | default (printf "%s-media" (include "magento.name" .)) }}
{{- end }}

{{- define "magento.backupClaim" -}}
{{ .Values.backup.existingClaim | default (printf "%s-backup" (include "magento.name" .)) }}
{{- end }}

{{- define "magento.handoverSecret" -}}
{{ .Values.install.handoverSecret | default (printf "%s-integration" (include "magento.name" .)) }}
{{- end }}

{{/* True where the shop's own pods rest: a stopped shop, and one whose database is being restored. */}}
{{- define "magento.rests" -}}
{{ or .Values.stopped (not (empty .Values.restore.name)) }}
{{- end }}

{{/*
How a StatefulSet replaces its pods: (list root component). In order, one that never gets ready would not be
replaced by a better one. What there is cannot be changed, so it stays.
*/}}
{{- define "magento.podManagement" -}}
{{- $root := index . 0 -}}
{{- $name := printf "%s-%s" (include "magento.name" $root) (index . 1) -}}
{{- lookup "apps/v1" "StatefulSet" $root.Release.Namespace $name | dig "spec" "podManagementPolicy" "Parallel" -}}
{{- end }}
