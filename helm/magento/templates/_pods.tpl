{{/* What pods share: security, environment, volumes. */}}

{{/* Argument: the user that the pod runs as. */}}
{{- define "magento.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "magento.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* What every pod's specification says. Argument: (list root user account). */}}
{{- define "magento.podCommon" -}}
{{- $values := (index . 0).Values -}}
serviceAccountName: {{ index . 2 | quote }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext: {{- include "magento.podSecurity" (index . 1) | nindent 2 }}
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
{{- define "magento.mediaAffinity" -}}
{{- if eq (include "magento.oneNode" .) "true" -}}
affinity:
  podAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      - topologyKey: kubernetes.io/hostname
        labelSelector:
          matchLabels:
            app.kubernetes.io/instance: {{ .Release.Name }}
            storecontroller.io/role: shop
{{- end -}}
{{- end }}

{{/* Image and security of a container that runs the store image. */}}
{{- define "magento.shopContainer" -}}
image: {{ include "magento.image" .Values.image | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
# The last words of one that fails are kept with its pod: `storectl why` tells them.
terminationMessagePolicy: FallbackToLogsOnError
securityContext: {{- include "magento.containerSecurity" . | nindent 2 }}
{{- end }}

{{/* One per image, so that what old and new pods keep is told apart. */}}
{{- define "magento.cachePrefix" -}}
{{ .Values.cache.prefix | default (printf "s%s_" (include "magento.image" .Values.image | sha256sum | trunc 8)) }}
{{- end }}

{{/* Processes of PHP: as many as fit into the memory limit beside nginx and the code that all share. */}}
{{- define "magento.phpWorkers" -}}
{{- $memory := include "magento.mebibytes" .Values.web.resources.limits.memory | int64 -}}
{{- int .Values.web.phpWorkers | default (div (sub $memory 384) 112 | max 2 | min 64) -}}
{{- end }}

{{/* The store image's environment. */}}
{{- define "magento.env" -}}
- {name: STORECONTROLLER_INSTANCE_UID, value: {{ .Values.store.uid | quote }}}
- {name: SHOP_ADMIN_PATH, value: {{ .Values.adminPath | quote }}}
- {name: SHOP_DB_HOST, value: {{ include "magento.host" (list . "database") | quote }}}
- {name: SHOP_DB_PORT, value: {{ include "magento.port" (list . "database") | quote }}}
- {name: SHOP_DB_NAME, value: {{ .Values.database.name | quote }}}
- {name: SHOP_DB_USER, value: {{ .Values.database.user | quote }}}
- {name: SHOP_CACHE_HOST, value: {{ include "magento.host" (list . "cache") | quote }}}
- {name: SHOP_CACHE_PORT, value: {{ include "magento.port" (list . "cache") | quote }}}
- {name: SHOP_CACHE_DATABASE, value: {{ .Values.cache.databases.cache | quote }}}
- {name: SHOP_PAGE_CACHE_DATABASE, value: {{ .Values.cache.databases.pages | quote }}}
- {name: SHOP_CACHE_PREFIX, value: {{ include "magento.cachePrefix" . | quote }}}
{{- if .Values.pageCache.enabled }}
- {name: SHOP_PAGE_CACHES, value: {{ include "magento.pageCaches" . | quote }}}
{{- end }}
- {name: SHOP_SESSION_HOST, value: {{ include "magento.host" (list . "sessions") | quote }}}
- {name: SHOP_SESSION_PORT, value: {{ include "magento.port" (list . "sessions") | quote }}}
- {name: SHOP_SESSION_DATABASE, value: {{ .Values.sessions.database | quote }}}
- {name: SHOP_SEARCH_HOST, value: {{ include "magento.host" (list . "search") | quote }}}
- {name: SHOP_SEARCH_PORT, value: {{ include "magento.port" (list . "search") | quote }}}
- {name: SHOP_SEARCH_PREFIX, value: {{ .Values.search.prefix | quote }}}
- {name: SHOP_CONSUMERS_BY_CRON, value: {{ .Values.consumers.items | empty | ternary "1" "0" | quote }}}
{{- with .Values.trust.certificates }}
# Others make other pods: what they trust is read when they start.
- {name: SHOP_TRUST, value: {{ sha256sum . | trunc 16 | quote }}}
{{- end }}
- {name: SHOP_PHP_MEMORY, value: {{ .Values.web.phpMemory | quote }}}
{{- if eq .Values.media.mode "s3" }}
{{- with .Values.media.s3 }}
- {name: SHOP_MEDIA_BUCKET, value: {{ .bucket | quote }}}
- {name: SHOP_MEDIA_REGION, value: {{ .region | quote }}}
- {name: SHOP_MEDIA_ENDPOINT, value: {{ .endpoint | quote }}}
- {name: SHOP_MEDIA_PREFIX, value: {{ .prefix | quote }}}
- {name: SHOP_MEDIA_AUTH, value: {{ .auth | quote }}}
- {name: SHOP_MEDIA_PATH_STYLE, value: {{ .pathStyle | ternary "1" "0" | quote }}}
{{- end }}
{{- end }}
{{- end }}

{{/* The secret files, no more of them than the shop reads. */}}
{{- define "magento.secretVolume" -}}
- name: secrets
  secret:
    secretName: {{ .Values.existingSecret | quote }}
    defaultMode: 0440
    items:
      - {key: crypt-key, path: crypt-key}
      - {key: db-password, path: db-password}
      {{- if .Values.cache.auth }}
      - {key: cache-password, path: cache-password}
      {{- end }}
      {{- if and .Values.sessions.auth (ne .Values.sessions.mode "cache") }}
      - {key: session-password, path: session-password}
      {{- end }}
      {{- if and (eq .Values.media.mode "s3") (eq .Values.media.s3.auth "keys") }}
      - {key: media-access-key, path: media-access-key}
      - {key: media-secret-key, path: media-secret-key}
      {{- end }}
{{- end }}

{{/* Volumes of every pod of the shop. */}}
{{- define "magento.shopVolumes" -}}
{{ include "magento.secretVolume" . }}
{{- include "magento.trustedVolume" . }}
- name: var
  emptyDir: {sizeLimit: {{ .Values.scratchSize | quote }}}
- name: media
  {{- if eq .Values.media.mode "s3" }}
  emptyDir: {sizeLimit: {{ .Values.scratchSize | quote }}}
  {{- else }}
  persistentVolumeClaim: {claimName: {{ include "magento.mediaClaim" . | quote }}}
  {{- end }}
{{- end }}

{{- define "magento.trustedVolume" -}}
{{- if .Values.trust.certificates }}
- name: trust
  configMap: {name: {{ include "magento.name" . }}-trust, optional: true}   # a hook comes before it
{{- end }}
{{- end }}

{{- define "magento.shopMounts" -}}
{{- if .Values.trust.certificates }}
- {name: trust, mountPath: /etc/shop/trust, readOnly: true}
{{- end }}
- {name: secrets, mountPath: /run/secrets/shop, readOnly: true}
- {name: var, mountPath: /magento/var}
- {name: media, mountPath: /magento/pub/media}
{{- end }}

{{/* The init container that waits for the installation. */}}
{{- define "magento.awaitShop" -}}
- name: await-shop
  {{- include "magento.shopContainer" . | nindent 2 }}
  command: [/usr/bin/tini, --, /bin/bash, -c]
  args:
    - | {{- .Files.Get "files/await-shop.sh" | nindent 6 }}
  env: {{- include "magento.env" . | nindent 4 }}
  resources:
    requests: {cpu: 10m, memory: 64Mi}
    limits: {memory: 256Mi}
  volumeMounts:
    - {name: secrets, mountPath: /run/secrets/shop, readOnly: true}
{{- end }}
