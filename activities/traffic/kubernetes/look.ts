import type { KubernetesPlace } from '../../../src/plan/target.ts';
import { type Look, lookAt, there } from '../../kubernetes/doctor/look.ts';
import { type KubernetesClient, SERVICES } from '../../kubernetes/index.ts';
import { chosenByService, chosenBySubsets } from './chosen.ts';
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
      chosenByService(await required(client, { type: SERVICES, namespace, name }));
      return [];
    }),
  );
  const ruled = rule
    ? [
        lookAt(`DestinationRule ${rule.name}`, async () => {
          const object = await required(client, { type: DESTINATION_RULES, namespace, name: rule.name });
          const { host } = chosenBySubsets(object, rule);
          return there(`DestinationRule ${rule.name}`, `has both subsets of ${host}`);
        }),
      ]
    : [];
  const routers = routersOf(place, place, '').map(({ reference }, index) => {
    const name = `${reference.type.kind} ${reference.name}`;
    return lookAt(name, async () => {
      const [object, host] = await Promise.all([required(client, reference), hostOf(client, place)]);
      const splits = routersOf(place, place, host)[index]?.splits(object) ?? [];
      return there(name, shownAs(sharesOf(splits)));
    });
  });
  return (await Promise.all([...services, ...ruled, ...routers])).flat();
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
