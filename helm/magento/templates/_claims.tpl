{{/*
A volume claim as it may be: a claim never changes its class or access mode and never shrinks, so what
is there stays and only grows, and a shop may change its plan. Each of these is told
(list root component storage); where no cluster is asked (helm template) what is wanted counts.
*/}}

{{- define "magento.liveClaim" -}}
{{- $name := printf "%s-%s" (include "magento.name" (index . 0)) (index . 1) -}}
{{- lookup "v1" "PersistentVolumeClaim" (index . 0).Release.Namespace $name | toJson -}}
{{- end }}

{{- define "magento.accessMode" -}}
{{- $live := include "magento.liveClaim" . | fromJson -}}
{{- $wanted := dig "accessMode" "ReadWriteOnce" (index . 2) -}}
{{- $live | dig "spec" "accessModes" (list $wanted) | first -}}
{{- end }}

{{- define "magento.mebibytes" -}}
{{- $factor := dict "Mi" 1 "Gi" 1024 "Ti" 1048576 | dig (regexFind "[MGT]i$" .) 0 -}}
{{- mul (regexFind "^[0-9]+" . | int64) $factor -}}
{{- end }}

{{- define "magento.size" -}}
{{- $wanted := (index . 2).size -}}
{{- $claim := include "magento.liveClaim" . | fromJson -}}
{{- $live := $claim | dig "spec" "resources" "requests" "storage" "" -}}
{{- $bound := eq ($claim | dig "status" "phase" "") "Bound" -}}
{{- /* A size in units that are not ours was set by hand, and stays. */}}
{{- $ours := regexMatch "^[0-9]+[MGT]i$" $live -}}
{{- $more := gt (include "magento.mebibytes" $wanted | int64) (include "magento.mebibytes" $live | int64) -}}
{{- or (not $live) (and $bound $ours $more) | ternary $wanted $live -}}
{{- end }}

{{- define "magento.claim" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $storage := index . 2 -}}
{{- $live := include "magento.liveClaim" . | fromJson -}}
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ include "magento.name" $root }}-{{ $component }}
  labels: {{- include "magento.labels" (list $root $component) | nindent 4 }}
  # Data outlives the release; it goes with its namespace.
  annotations: {helm.sh/resource-policy: keep}
spec:
  accessModes: [{{ include "magento.accessMode" . }}]
  {{- with $live | dig "spec" "storageClassName" "" | default $storage.className }}
  storageClassName: {{ . | quote }}
  {{- end }}
  resources:
    requests: {storage: {{ include "magento.size" . | quote }}}
{{- end }}
