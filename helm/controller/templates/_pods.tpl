{{/* What pods share: security, environment, volumes. */}}

{{/* Argument: the user that the pod runs as. */}}
{{- define "controller.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "controller.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* What every pod's specification says. Argument: (list root component user account), where the
account is empty for pods that have nothing to do with the cluster. */}}
{{- define "controller.podCommon" -}}
{{- $root := index . 0 -}}
{{- $values := $root.Values -}}
{{- with index . 3 -}}
serviceAccountName: {{ . }}
automountServiceAccountToken: true
{{- else -}}
automountServiceAccountToken: false
{{- end }}
enableServiceLinks: false
securityContext: {{- include "controller.podSecurity" (index . 2) | nindent 2 }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "controller.selector" (list $root (index . 1)) | nindent 8 }}
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

{{/* The account of pods that speak with clusters; empty where they have no rights here. */}}
{{- define "controller.account" -}}
{{- if or .Values.inCluster (eq .Values.terraformStates "kubernetes") }}{{ include "controller.name" . }}{{ end -}}
{{- end }}

{{/* A changed setting makes new pods. */}}
{{- define "controller.checksum" -}}
checksum/settings: {{ include "controller.settings" . | sha256sum }}
{{- end }}

{{/* Image and security of a container that runs the control plane. */}}
{{- define "controller.container" -}}
image: {{ include "controller.image" .Values.image | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
terminationMessagePolicy: FallbackToLogsOnError
securityContext: {{- include "controller.containerSecurity" . | nindent 2 }}
{{- end }}

{{/* The environment of the database alone. */}}
{{- define "controller.databaseEnv" -}}
{{- $name := include "controller.name" . -}}
{{- if eq .Values.database.mode "internal" -}}
- name: DATABASE_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ .Values.existingSecret | quote }}, key: database-password}}
- name: STORECTL_DATABASE_URL
  value: {{ printf "postgresql://%s:$(DATABASE_PASSWORD)@%s-database:5432/%s" .Values.database.user $name .Values.database.name | quote }}
{{- else -}}
- name: STORECTL_DATABASE_URL
  valueFrom: {secretKeyRef: {name: {{ .Values.existingSecret | quote }}, key: database-url}}
{{- end }}
{{- end }}

{{/* The environment of the bell alone. */}}
{{- define "controller.redisEnv" -}}
{{- if eq .Values.redis.mode "internal" -}}
- name: REDIS_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ .Values.existingSecret | quote }}, key: redis-password}}
- name: STORECTL_REDIS_URL
  value: {{ printf "redis://:$(REDIS_PASSWORD)@%s-redis:6379/0" (include "controller.name" .) | quote }}
{{- else -}}
- name: STORECTL_REDIS_URL
  valueFrom: {secretKeyRef: {name: {{ .Values.existingSecret | quote }}, key: redis-url}}
{{- end }}
{{- end }}

{{/* Every secret setting, for API and workers. */}}
{{- define "controller.env" -}}
{{ include "controller.databaseEnv" . }}
{{ include "controller.redisEnv" . }}
- name: STORECTL_MASTER_KEY
  valueFrom: {secretKeyRef: {name: {{ .Values.existingSecret | quote }}, key: master-key}}
{{- range $name, $key := .Values.secretSettings }}
- name: {{ $name }}
  valueFrom: {secretKeyRef: {name: {{ $.Values.existingSecret | quote }}, key: {{ $key | quote }}}}
{{- end }}
{{- end }}

{{- define "controller.envFrom" -}}
- configMapRef: {name: {{ include "controller.name" . }}-settings}
{{- end }}

{{/* The init container that waits for the Job of the migrations. */}}
{{- define "controller.awaitSchema" -}}
- name: await-schema
  {{- include "controller.container" . | nindent 2 }}
  command: [/usr/bin/tini, --, await-schema]
  env: {{- include "controller.databaseEnv" . | nindent 4 }}
  resources: {{- toYaml .Values.migrations.resources | nindent 4 }}
  volumeMounts: {{- include "controller.mounts" . | nindent 4 }}
{{- end }}

{{- define "controller.volumes" -}}
- name: home
  emptyDir: {sizeLimit: {{ .Values.scratchSize | quote }}}
- name: tmp
  emptyDir: {sizeLimit: {{ .Values.scratchSize | quote }}}
{{- end }}

{{- define "controller.mounts" -}}
- {name: home, mountPath: /var/lib/storectl}
- {name: tmp, mountPath: /tmp}
{{- end }}

{{/* Scaling by processor time. Argument: (list root component autoscaling). */}}
{{- define "controller.autoscaler" -}}
{{- $name := printf "%s-%s" (include "controller.name" (index . 0)) (index . 1) -}}
{{- $scaling := index . 2 -}}
{{- if gt (int $scaling.min) (int $scaling.max) }}{{ fail (printf "%s: autoscaling.min is above max" (index . 1)) }}{{ end -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ $name }}
  labels: {{- include "controller.labels" (list (index . 0) (index . 1)) | nindent 4 }}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: {{ $name }}}
  minReplicas: {{ $scaling.min }}
  maxReplicas: {{ $scaling.max }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target: {type: Utilization, averageUtilization: {{ $scaling.cpuPercent }}}
  behavior:
    scaleDown: {stabilizationWindowSeconds: 300}
{{- end }}

{{/* One pod at a time leaves a node. Argument: (list root component). */}}
{{- define "controller.budget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "controller.name" (index . 0) }}-{{ index . 1 }}
  labels: {{- include "controller.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels: {{- include "controller.selector" . | nindent 6 }}
{{- end }}
