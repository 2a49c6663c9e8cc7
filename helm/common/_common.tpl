{{/*
What the charts of shops share; each links to this file among its templates. Nothing here or elsewhere
runs a value through tpl.
*/}}

{{/* Names, labels and images. */}}

{{/* What every object's name begins with; StatefulSets leave room for 43 characters. */}}
{{- define "common.name" -}}
{{- if regexMatch "^[0-9]" .Release.Name }}{{ fail "A Service's name starts with a letter, so the release's must" }}{{ end -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* Labels that select pods; they never change. Argument: (list root component). */}}
{{- define "common.selector" -}}
app.kubernetes.io/name: {{ (index . 0).Chart.Name }}
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* Who the shop is, on every object and pod. */}}
{{- define "common.owner" -}}
app.kubernetes.io/part-of: store-controller
storecontroller.io/uid: {{ .Values.store.uid | quote }}
{{- range $key := list "name" "tenant" "plan" }}
{{- with index $.Values.store $key }}
storecontroller.io/{{ eq $key "name" | ternary "store" $key }}: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* Labels of an object. Argument: (list root component). */}}
{{- define "common.labels" -}}
{{ include "common.selector" . }}
{{ include "common.owner" (index . 0) }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
helm.sh/chart: {{ (index . 0).Chart.Name }}-{{ (index . 0).Chart.Version }}
{{- with (index . 0).Values.digest }}
storecontroller.io/digest: {{ . | quote }}
{{- end }}
{{- end }}

{{/* Labels of a pod that runs the store image; the network's rules go by the role. */}}
{{- define "common.shopLabels" -}}
{{ include "common.selector" . }}
{{ include "common.owner" (index . 0) }}
storecontroller.io/role: shop
{{- end }}

{{/* An image's full name. */}}
{{- define "common.image" -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag }}{{ end }}
{{- end }}

{{/* True where the shop's own pods rest: a stopped shop, and one whose data is being restored. */}}
{{- define "common.rests" -}}
{{ or .Values.stopped (not (empty .Values.restore.name)) }}
{{- end }}

{{- define "common.backupClaim" -}}
{{ .Values.backup.existingClaim | default (printf "%s-backup" (include "common.name" .)) }}
{{- end }}

{{/* What every shop's pods share. */}}

{{/* Argument: the user that the pod runs as. */}}
{{- define "common.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "common.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* What every pod's specification says. Argument: (list root user account). */}}
{{- define "common.podCommon" -}}
{{- $values := (index . 0).Values -}}
serviceAccountName: {{ index . 2 | quote }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext: {{- include "common.podSecurity" (index . 1) | nindent 2 }}
{{- with $values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- with $values.scheduling.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.scheduling.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.scheduling.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- end }}

{{/* A volume that one node writes is no use to pods elsewhere: those that share it stay together. */}}
{{- define "common.together" -}}
affinity:
  podAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      - topologyKey: kubernetes.io/hostname
        labelSelector:
          matchLabels:
            app.kubernetes.io/instance: {{ .Release.Name }}
            storecontroller.io/role: shop
{{- end }}

{{/* Image and security of a container that runs the store image. */}}
{{- define "common.shopContainer" -}}
image: {{ include "common.image" .Values.image | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
# The last words of one that fails are kept with its pod: `storectl why` tells them.
terminationMessagePolicy: FallbackToLogsOnError
securityContext: {{- include "common.containerSecurity" . | nindent 2 }}
{{- end }}

{{/*
A volume claim as it may be: a claim never changes its class or access mode and never shrinks, so what
is there stays and only grows, and a shop may change its plan. Each of these is told
(list root component storage); where no cluster is asked (helm template) what is wanted counts.
*/}}

{{- define "common.liveClaim" -}}
{{- $name := printf "%s-%s" (include "common.name" (index . 0)) (index . 1) -}}
{{- lookup "v1" "PersistentVolumeClaim" (index . 0).Release.Namespace $name | toJson -}}
{{- end }}

{{- define "common.accessMode" -}}
{{- $live := include "common.liveClaim" . | fromJson -}}
{{- $wanted := dig "accessMode" "ReadWriteOnce" (index . 2) -}}
{{- $live | dig "spec" "accessModes" (list $wanted) | first -}}
{{- end }}

{{- define "common.mebibytes" -}}
{{- $factor := dict "Mi" 1 "Gi" 1024 "Ti" 1048576 | dig (regexFind "[MGT]i$" .) 0 -}}
{{- mul (regexFind "^[0-9]+" . | int64) $factor -}}
{{- end }}

{{- define "common.size" -}}
{{- $wanted := (index . 2).size -}}
{{- $claim := include "common.liveClaim" . | fromJson -}}
{{- $live := $claim | dig "spec" "resources" "requests" "storage" "" -}}
{{- $bound := eq ($claim | dig "status" "phase" "") "Bound" -}}
{{- /* A size in units that are not ours was set by hand, and stays. */}}
{{- $ours := regexMatch "^[0-9]+[MGT]i$" $live -}}
{{- $more := gt (include "common.mebibytes" $wanted | int64) (include "common.mebibytes" $live | int64) -}}
{{- or (not $live) (and $bound $ours $more) | ternary $wanted $live -}}
{{- end }}

{{- define "common.claim" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $storage := index . 2 -}}
{{- $live := include "common.liveClaim" . | fromJson -}}
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ include "common.name" $root }}-{{ $component }}
  labels: {{- include "common.labels" (list $root $component) | nindent 4 }}
  # Data outlives the release; it goes with its namespace.
  annotations: {helm.sh/resource-policy: keep}
spec:
  accessModes: [{{ include "common.accessMode" . }}]
  {{- with $live | dig "spec" "storageClassName" "" | default $storage.className }}
  storageClassName: {{ . | quote }}
  {{- end }}
  resources:
    requests: {storage: {{ include "common.size" . | quote }}}
{{- end }}

{{/* How shoppers reach the web servers: an Ingress, or HTTPRoutes. */}}

{{- define "common.routes" -}}
{{- $name := include "common.name" . }}
{{- $hosts := keys .Values.websites | sortAlpha }}
{{- if .Values.ingress.enabled }}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ $name }}-web
  labels: {{- include "common.labels" (list . "web") | nindent 4 }}
  {{- with .Values.ingress.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- with .Values.ingress.className }}
  ingressClassName: {{ . | quote }}
  {{- end }}
  {{- if .Values.ingress.tls.enabled }}
  tls:
    - secretName: {{ .Values.ingress.tls.secretName | default (printf "%s-tls" $name) | quote }}
      hosts: {{- toYaml $hosts | nindent 8 }}
  {{- end }}
  rules:
    {{- range $hosts }}
    - host: {{ . | quote }}
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: {service: {name: {{ $name }}-web, port: {name: http}}}
    {{- end }}
{{- end }}
{{- if .Values.gateway.enabled }}
{{- /* A route takes sixteen names. */}}
{{- range $index, $some := chunk 16 $hosts }}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: {{ $name }}-web{{ if $index }}-{{ $index }}{{ end }}
  labels: {{- include "common.labels" (list $ "web") | nindent 4 }}
spec:
  parentRefs: {{- toYaml $.Values.gateway.parentRefs | nindent 4 }}
  hostnames: {{- toYaml $some | nindent 4 }}
  rules:
    - matches:
        - path: {type: PathPrefix, value: /}
      backendRefs:
        - {name: {{ $name }}-web, port: 80}
{{- end }}
{{- end }}
{{- end }}

{{/* Which connections every shop's pods may have; what else one needs its own chart says. */}}

{{- define "common.network" -}}
{{- $name := include "common.name" . -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ $name }}-default-deny
  labels: {{- include "common.labels" (list . "network") | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: {{ .Chart.Name }}
      app.kubernetes.io/instance: {{ .Release.Name }}
  policyTypes: [Ingress, Egress]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ $name }}-web
  labels: {{- include "common.labels" (list . "network") | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- include "common.selector" (list . "web") | nindent 6 }}
  policyTypes: [Ingress]
  ingress:
    - from: {{- toYaml .Values.networkPolicy.webFrom | nindent 8 }}
      ports:
        - {protocol: TCP, port: 8080}
{{- end }}
