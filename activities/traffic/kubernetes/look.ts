import type { KubernetesPlace } from '../../../src/plan/target.ts';
import { type Look, lacking, lookAt, there } from '../../kubernetes/doctor/look.ts';
import { type KubernetesClient, type KubernetesObject, SERVICES } from '../../kubernetes/index.ts';
import { chosenByService, chosenBySubsets } from './chosen.ts';
import { reconcilersOf } from './reconcilers.ts';
import { DESTINATION_RULES, destinationRuleOf, routersOf } from './routers.ts';
import { type Shares, sharesOf } from './split.ts';
import { required } from './view.ts';

/** Whether what splits the requests is there, and is what a release needs: every object by itself. Changes nothing. */
export async function lookAtTraffic(client: KubernetesClient, place: KubernetesPlace): Promise<readonly Look[]> {
  const { namespace, traffic, stableService, canaryService } = place;
  const rule = destinationRuleOf(traffic);
  const services = [...new Set([stableService, canaryService])].map((name) =>
    lookAt(`Service ${name}`, async () => {
      // Between subsets of one host the Services need not be there.
      if (rule && !(await client.get({ type: SERVICES, namespace, name }))) return [];
      const object = await required(client, { type: SERVICES, namespace, name });
      chosenByService(object);
      return lookAtReconcilers(`Service ${name}`, object, ['selector']);
    }),
  );
  const ruled = rule
    ? [
        lookAt(`DestinationRule ${rule.name}`, async () => {
          const object = await required(client, { type: DESTINATION_RULES, namespace, name: rule.name });
          const { host } = chosenBySubsets(object, rule);
          const both = there(`DestinationRule ${rule.name}`, `has both subsets of ${host}`);
          return [both, ...lookAtReconcilers(`DestinationRule ${rule.name}`, object, ['subsets'])];
        }),
      ]
    : [];
  const routers = routersOf(place, place, '').map(({ reference }, index) => {
    const name = `${reference.type.kind} ${reference.name}`;
    return lookAt(name, async () => {
      const [object, host] = await Promise.all([required(client, reference), hostOf(client, place)]);
      const splits = routersOf(place, place, host)[index]?.splits(object) ?? [];
      return [there(name, shownAs(sharesOf(splits))), ...lookAtReconcilers(name, object, ROUTES)];
    });
  });
  return (await Promise.all([...services, ...ruled, ...routers])).flat();
}

/** Where the routes of any router stand. */
const ROUTES = ['http', 'tls', 'tcp', 'rules'];

/** Who would write over a release while it is under way; that is drift, and it goes back. */
function lookAtReconcilers(name: string, object: KubernetesObject, fields: readonly string[]): readonly Look[] {
  return reconcilersOf(object, fields).map(({ tool, manager, field, mend }) => {
    const because = `${tool} (${manager}) applies ${field}, too: its next round writes over a release, which then goes back`;
    return lacking(name, because, mend);
  });
}

function shownAs({ canary, consistent }: Shares): string {
  const routes = canary.length === 1 ? 'one route' : `${canary.length} routes`;
  const share = canary[0] ?? 0;
  return `${routes} with both destinations, ${consistent ? `${share} % to the canary` : 'of different weights'}`;
}

async function hostOf(client: KubernetesClient, { namespace, traffic }: KubernetesPlace): Promise<string> {
  const rule = destinationRuleOf(traffic);
  if (!rule) return '';
  const object = await required(client, { type: DESTINATION_RULES, namespace, name: rule.name });
  return chosenBySubsets(object, rule).host;
}
