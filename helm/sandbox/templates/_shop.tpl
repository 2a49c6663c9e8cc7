{{- define "sandbox.pod" -}}
{{- include "common.podCommon" (list . 10001 (include "common.name" .)) }}
{{ include "common.together" . }}
{{- end }}

{{/* A container's environment; images/sandbox/README.md explains it. */}}
{{- define "sandbox.env" -}}
- {name: STORECONTROLLER_INSTANCE_UID, value: {{ .Values.store.uid | quote }}}
{{- with .Values.trust.certificates }}
# Beside the directory of the public ones. Others make another pod.
- {name: SSL_CERT_FILE, value: /etc/shop/trust/certificates.pem}
- {name: SHOP_TRUST, value: {{ sha256sum . | trunc 16 | quote }}}
{{- end }}
- {name: SHOP_BASE_URL, value: {{ .Values.baseUrl | quote }}}
{{- end }}

{{- define "sandbox.mounts" -}}
- {name: secrets, mountPath: /run/secrets/shop, readOnly: true}
{{- if .Values.trust.certificates }}
- {name: trust, mountPath: /etc/shop/trust, readOnly: true}
{{- end }}
- {name: data, mountPath: /data}
- {name: tmp, mountPath: /tmp}
{{- end }}

{{- define "sandbox.volumes" -}}
- name: secrets
  secret:
    secretName: {{ .Values.existingSecret | quote }}
    defaultMode: 0440
    items:
      - {key: access-token, path: access-token}
      - {key: session-key, path: session-key}
{{- if .Values.trust.certificates }}
- name: trust
  configMap: {name: {{ include "common.name" . }}-trust, optional: true}
{{- end }}
- name: data
  persistentVolumeClaim: {claimName: {{ include "common.name" . }}-data}
- name: tmp
  emptyDir: {sizeLimit: 64Mi}
{{- end }}

{{- define "sandbox.backupVolume" -}}
- name: backup
  persistentVolumeClaim: {claimName: {{ include "common.backupClaim" . | quote }}}
{{- end }}
