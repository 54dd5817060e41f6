import { ApplicationFailure } from '@temporalio/activity';
import type { Logger } from 'pino';
import type { LoadedPlatform } from '../src/config/load.ts';
import type { OrchestratorActivities } from '../src/contract/activities.ts';
import { wants } from '../src/contract/event.ts';
import { SlipwayError } from '../src/contract/failure.ts';
import { DeliveryError, REFUSED_RETRY } from '../src/notifications/answer.ts';
import { deliverEvent } from '../src/notifications/delivery.ts';
import { perform } from './activity.ts';

export interface NotificationDeps {
  /** The platform file as it is now: a receiver that is mended there is reached at the next try. */
  readonly loadPlatform: () => Promise<LoadedPlatform>;
  /** Where secrets that are references to variables are. */
  readonly env: Readonly<NodeJS.ProcessEnv>;
  readonly logger: Logger;
}

/**
 * Sends what people are told, one event to one receiver. Whatever goes wrong is tried again, since a person may mend it
 * meanwhile: the file, the secret, the receiver. Only a receiver that is gone for good is not.
 */
export function createNotification(deps: NotificationDeps): Pick<OrchestratorActivities, 'deliver'> {
  return {
    deliver: ({ event, receiver: name }) =>
      perform(deps.logger.child({ event: event.id, receiver: name }), 'faults', async ({ signal, logger }) => {
        try {
          const { platform, folder } = await deps.loadPlatform();
          const { receivers, allowPrivate } = platform.webhooks;
          const receiver = receivers.find((each) => each.name === name);
          if (receiver === undefined || !wants(receiver.events, event)) {
            logger.info('receiver does not want the event any more');
            return;
          }
          await deliverEvent(event, receiver, { allowPrivate, signal, folder, env: deps.env });
        } catch (error) {
          throw error instanceof SlipwayError ? triedAgain(error) : error;
        }
      }),
  };
}

function triedAgain(error: SlipwayError): ApplicationFailure {
  const { retryIn, isFinal } =
    error instanceof DeliveryError
      ? error
      : { retryIn: error.code === 'FILE_INVALID' ? REFUSED_RETRY : null, isFinal: false };
  return ApplicationFailure.create({
    type: error.code,
    message: error.message.slice(0, 1_300),
    nonRetryable: isFinal,
    ...(retryIn === null ? {} : { nextRetryDelay: retryIn }),
  });
}
