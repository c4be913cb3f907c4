import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ActivityFailure,
  ApplicationFailure,
  defaultFailureConverter,
  defaultPayloadConverter,
} from '@temporalio/common';
import { rootMessage } from '../../workflows/steps.ts';

type Failure = Parameters<typeof defaultFailureConverter.failureToError>[0];

test('an activity that was tried until its time was up says what the last attempt met', () => {
  const failure: Failure = {
    message: 'activity error',
    activityFailureInfo: { activityType: { name: 'admit' } },
    cause: {
      message: 'Not enough time to schedule next retry before activity ScheduleToClose timeout, giving up retrying',
      timeoutFailureInfo: { timeoutType: 2 },
      cause: {
        message: 'no embedded stack answers in /home/me/.local/share/shiplock',
        applicationFailureInfo: { type: 'ShiplockError' },
      },
    },
  };
  const error = defaultFailureConverter.failureToError(failure, defaultPayloadConverter);
  assert.ok(error instanceof ActivityFailure);
  assert.equal(
    rootMessage(error),
    'no embedded stack answers in /home/me/.local/share/shiplock; tried again until the time was up',
  );
});

test('an error of ours is said as it is, without the system error behind it', () => {
  const cause = ApplicationFailure.create({ message: 'connect ENOENT supervisor.sock', type: 'Error' });
  const ours = { message: '1.1.0 may not get 25 %', type: 'SHIPLOCK_LOCAL_NOT_READY', cause };
  assert.equal(rootMessage(ApplicationFailure.create(ours)), '1.1.0 may not get 25 %');
});

test('of a chain of others the innermost speaks', () => {
  const cause = ApplicationFailure.create({ message: 'exit code 1', type: 'Error' });
  assert.equal(rootMessage(ApplicationFailure.create({ message: 'outer', cause })), 'exit code 1');
});
