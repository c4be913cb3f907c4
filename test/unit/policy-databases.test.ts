import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DatabasePlan, Plan } from '../../src/plan/plan.ts';
import { databaseConnection, gateEnvironment, parsePolicy, policyRefusals } from '../../workers/policy.ts';
import { somePlan } from '../fixtures/some-plan.ts';

const WITHOUT = `
services: [credlink-*]
environments: [staging, production]
platforms: [local]
commands: [node server.ts, pnpm test **, pnpm audit --json]
directories: [/srv/credlink]
hosts: ['prometheus.monitoring.svc:9090']
workloadEnvironment: [NODE_ENV]
`;
const NAMED = `${WITHOUT}databases: { credlink: { url: { env: CREDLINK_DATABASE_URL } } }\n`;
const URL = 'postgres://release:s3cret@db.example/credlink';

function policyOf(text: string) {
  return parsePolicy(text, '/etc/shiplock/policy.yaml');
}

function planWith(database: Partial<DatabasePlan>): Plan {
  const sql = { name: '002_drop.sql', sql: 'DROP TABLE old', sha256: '0'.repeat(64) };
  const approval = { deadlineMs: 60_000, requires: 'anonymous', quorum: 1, notStarter: false } as const;
  const timeouts = { lockTimeoutMs: 500, statementTimeoutMs: 5_000, deadlineMs: 60_000 };
  return {
    ...somePlan(),
    database: { name: 'credlink', expand: [], contract: [sql], ...timeouts, approval, ...database },
  };
}

describe('a database', () => {
  it('that the policy names may be changed', () => {
    assert.deepEqual(policyRefusals(planWith({}), policyOf(NAMED)), []);
  });

  it('that the policy does not name is refused', () => {
    assert.deepEqual(policyRefusals(planWith({}), policyOf(WITHOUT)), [
      'the database "credlink" is not in "databases"',
    ]);
    assert.deepEqual(policyRefusals(planWith({ name: 'billing' }), policyOf(NAMED)), [
      'the database "billing" is not in "databases"',
    ]);
  });

  it('may be bound to services and environments, and is refused to all others', () => {
    const bound = (more: string) =>
      policyRefusals(
        planWith({}),
        policyOf(`${WITHOUT}databases: { credlink: { url: { env: CREDLINK_DATABASE_URL }, ${more} } }\n`),
      );
    assert.deepEqual(bound("services: ['credlink-*'], environments: [staging, production]"), []);
    assert.deepEqual(bound('services: [billing], environments: [staging]'), [
      'the service "credlink-api" is not in "databases.credlink.services"',
      'the environment "production" is not in "databases.credlink.environments"',
    ]);
    assert.throws(() => bound('services: []'), { code: 'SHIPLOCK_POLICY_INVALID' });
  });

  it('is refused under a name that every object has', () => {
    const [reason] = policyRefusals(planWith({ name: 'constructor' }), policyOf(NAMED));
    assert.match(reason ?? '', /"constructor" is not in "databases"/);
    assert.equal(databaseConnection('constructor', policyOf(NAMED), { CREDLINK_DATABASE_URL: URL }), null);
  });

  it('is reached by the variable of the worker that the policy names', () => {
    const policy = policyOf(NAMED);
    assert.equal(databaseConnection('credlink', policy, { CREDLINK_DATABASE_URL: URL }), URL);
    assert.equal(databaseConnection('credlink', policy, { CREDLINK_DATABASE_URL: '' }), null);
    assert.equal(databaseConnection('credlink', policy, {}), null);
    assert.equal(databaseConnection('billing', policy, { CREDLINK_DATABASE_URL: URL }), null);
    assert.equal(databaseConnection('credlink', null, { CREDLINK_DATABASE_URL: URL }), null);
  });

  it('shows its connection string to no gate, whatever the policy lets gates see', () => {
    const policy = policyOf(`${NAMED}environment: ['*']\n`);
    assert.deepEqual(gateEnvironment({ PATH: '/bin', CREDLINK_DATABASE_URL: URL }, policy), { PATH: '/bin' });
  });

  for (const [what, text] of [
    ['a connection string in the policy itself', `databases: { credlink: { url: '${URL}' } }`],
    ['a name that is no label', 'databases: { Cred_Link: { url: { env: A } } }'],
    ['a variable that is no name', "databases: { credlink: { url: { env: 'A B' } } }"],
    ['a field that is not known', 'databases: { credlink: { url: { env: A }, password: x } }'],
  ] as const) {
    it(`is refused in a policy with ${what}, at its place`, () => {
      assert.throws(() => policyOf(text), {
        code: 'SHIPLOCK_POLICY_INVALID',
        message: /^\/etc\/shiplock\/policy\.yaml:1:\d+: databases\./,
      });
    });
  }
});

describe('the approval of a contract', () => {
  const strict = policyOf(`${NAMED}approvals: { requires: { production: identity } }\n`);
  const weak = { deadlineMs: 60_000, requires: 'anonymous', quorum: 1, notStarter: false } as const;
  const plan = (database: Partial<DatabasePlan>) => ({
    ...planWith(database),
    promotion: { monitor: null, approval: { ...weak, requires: 'identity' as const } },
  });

  it('must be proven as far as the policy asks for in that environment', () => {
    assert.deepEqual(policyRefusals(plan({ approval: weak }), strict), [
      'in "production" approvals must require "identity", the plan asks for "anonymous"',
    ]);
    assert.deepEqual(policyRefusals(plan({ approval: { ...weak, requires: 'principal' } }), strict), []);
  });

  it('does not matter where nothing is contracted', () => {
    assert.deepEqual(policyRefusals(plan({ approval: weak, contract: [] }), strict), []);
  });
});
