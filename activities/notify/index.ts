export { createNotifyActivities, type NotifyDependencies, type Webhook } from './webhook.ts';
