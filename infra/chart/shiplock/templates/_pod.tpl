{{- define "shiplock.pod" -}}
{{- $values := .root.Values }}
{{- $releases := eq .role "release" -}}
serviceAccountName: {{ include "shiplock.fullname" .root }}-{{ .role }}
# Only who carries releases asks the API server anything.
automountServiceAccountToken: {{ $releases }}
enableServiceLinks: false
# Work under way gets 10 s to end by itself and is cut off at 30 s; the archive looks once more for 2 s.
terminationGracePeriodSeconds: 45
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- with $values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
  {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "shiplock.selector" $ | nindent 8 }}
    matchLabelKeys: [pod-template-hash]
  {{- end }}
containers:
  - name: worker
    image: {{ include "shiplock.image" . }}
    imagePullPolicy: {{ $values.image.pullPolicy }}
    args:
      - shiplock
      - worker
      - --role={{ .role }}
      - --policy=/etc/shiplock/policy/policy.yaml
      - --health=0.0.0.0:{{ $values.health.port }}
      {{- if $values.metrics.enabled }}
      - --metrics=0.0.0.0:{{ $values.metrics.port }}
      {{- end }}
    env: {{- include "shiplock.environment" . | nindent 6 }}
    {{- with ternary .settings.envFrom $values.envFrom (eq .role "build") }}
    envFrom: {{- toYaml . | nindent 6 }}
    {{- end }}
    ports:
      - { name: health, containerPort: {{ $values.health.port }} }
      {{- if $values.metrics.enabled }}
      - { name: metrics, containerPort: {{ $values.metrics.port }} }
      {{- end }}
    # It connects and reads its workflows first.
    startupProbe:
      httpGet: { path: /livez, port: health }
      periodSeconds: 2
      timeoutSeconds: 3
      failureThreshold: 30
    # Only a restart helps a loop that does not turn; a Temporal that is away is none of its reasons.
    livenessProbe:
      httpGet: { path: /livez, port: health }
      periodSeconds: 10
      timeoutSeconds: 5
      failureThreshold: 6
    readinessProbe:
      httpGet: { path: /readyz, port: health }
      periodSeconds: 5
      timeoutSeconds: 4
      failureThreshold: 3
    resources: {{- toYaml .settings.resources | nindent 6 }}
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities: { drop: [ALL] }
    volumeMounts:
      - { name: policy, mountPath: /etc/shiplock/policy, readOnly: true }
      - { name: state, mountPath: /state }
      - { name: tmp, mountPath: /tmp }
      {{- if and $releases $values.archive.enabled }}
      - { name: archive, mountPath: /state/archive }
      {{- end }}
      {{- if and $releases $values.kubeconfig.secretName }}
      - { name: kubeconfig, mountPath: /etc/shiplock/kubeconfig, readOnly: true }
      {{- end }}
      {{- if $values.temporal.tls.secretName }}
      - { name: temporal-tls, mountPath: /etc/shiplock/temporal-tls, readOnly: true }
      {{- end }}
      {{- with .settings.extraVolumeMounts }}{{ toYaml . | nindent 6 }}{{ end }}
volumes:
  - name: policy
    configMap: { name: {{ include "shiplock.fullname" .root }}-policy }
  - name: state
    emptyDir: {}
  - name: tmp
    emptyDir: {}
  {{- if and $releases $values.archive.enabled }}
  - name: archive
    persistentVolumeClaim: { claimName: {{ $values.archive.existingClaim | default (printf "%s-archive" (include "shiplock.fullname" .root)) }} }
  {{- end }}
  {{- if and $releases $values.kubeconfig.secretName }}
  - name: kubeconfig
    secret: { secretName: {{ $values.kubeconfig.secretName }}, defaultMode: 0440 }
  {{- end }}
  {{- with $values.temporal.tls.secretName }}
  - name: temporal-tls
    secret: { secretName: {{ . }}, defaultMode: 0440 }
  {{- end }}
  {{- with .settings.extraVolumes }}{{ toYaml . | nindent 2 }}{{ end }}
{{- end }}

{{- define "shiplock.environment" -}}
{{- $values := .root.Values }}
{{- $temporal := $values.temporal -}}
- { name: TEMPORAL_ADDRESS, value: {{ $temporal.address | quote }} }
- { name: TEMPORAL_NAMESPACE, value: {{ $temporal.namespace | quote }} }
{{- with $temporal.apiKey.secretName }}
- name: TEMPORAL_API_KEY
  valueFrom:
    secretKeyRef: { name: {{ . }}, key: {{ $temporal.apiKey.key }} }
{{- end }}
{{- if or $temporal.tls.enabled $temporal.apiKey.secretName }}
- { name: TEMPORAL_TLS, value: {{ $temporal.tls.enabled | quote }} }
{{- end }}
{{- if $temporal.tls.enabled }}
{{- if $temporal.tls.clientCertificate }}
- { name: TEMPORAL_TLS_CLIENT_CERT_PATH, value: /etc/shiplock/temporal-tls/tls.crt }
- { name: TEMPORAL_TLS_CLIENT_KEY_PATH, value: /etc/shiplock/temporal-tls/tls.key }
{{- end }}
{{- if $temporal.tls.certificateAuthority }}
- { name: TEMPORAL_TLS_SERVER_CA_CERT_PATH, value: /etc/shiplock/temporal-tls/ca.crt }
{{- end }}
{{- with $temporal.tls.serverName }}
- { name: TEMPORAL_TLS_SERVER_NAME, value: {{ . | quote }} }
{{- end }}
{{- end }}
- { name: SHIPLOCK_STATE, value: /state }
- { name: HOME, value: /tmp }
- { name: NODE_COMPILE_CACHE, value: /tmp/compiled }
{{- with ternary .settings.env $values.env (eq .role "build") }}
{{ toYaml . }}
{{- end }}
{{- end }}
