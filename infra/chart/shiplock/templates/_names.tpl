{{- define "shiplock.fullname" -}}
{{- if contains "shiplock" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-shiplock" .Release.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{/* Of a role's pods; never changed, since a Deployment's selector cannot be. */}}
{{- define "shiplock.selector" -}}
app.kubernetes.io/name: shiplock
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end }}

{{- define "shiplock.labels" -}}
app.kubernetes.io/name: shiplock
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* Of one thing that belongs to one role. */}}
{{- define "shiplock.roleLabels" -}}
{{ include "shiplock.labels" .root }}
app.kubernetes.io/component: {{ .role }}
{{- end }}

{{/* The roles that run, as JSON: [{"name": "release", "settings": …, "queue": …, "kinds": …}] */}}
{{- define "shiplock.roles" -}}
{{- $roles := list (dict "name" "release" "queue" "shiplock" "kinds" "workflow,activity" "settings" .Values.release) }}
{{- if .Values.build.enabled }}
{{- $roles = append $roles (dict "name" "build" "queue" "shiplock-build" "kinds" "activity" "settings" .Values.build) }}
{{- end }}
{{- if .Values.notify.enabled }}
{{- $roles = append $roles (dict "name" "notify" "queue" "shiplock-notify" "kinds" "activity" "settings" .Values.notify) }}
{{- end }}
{{- $roles | toJson }}
{{- end }}

{{- define "shiplock.image" -}}
{{- $image := .root.Values.image }}
{{- $own := .settings.image | default dict }}
{{- $repository := $own.repository | default $image.repository }}
{{- $tag := $own.tag | default $image.tag | default .root.Chart.AppVersion }}
{{- $digest := ternary $own.digest $image.digest (not (empty $own.repository)) }}
{{- if $digest }}{{ printf "%s@%s" $repository $digest }}{{ else }}{{ printf "%s:%s" $repository $tag }}{{ end }}
{{- end }}
