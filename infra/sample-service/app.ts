import express, {
  type ErrorRequestHandler,
  type Express,
  type RequestHandler,
  type Response,
  type Router,
} from 'express';
import { Registry } from 'prom-client';
import { type CanaryLogger, canaryMonitoring, metricsHandler } from '../../src/express/index.ts';
import { type Credential, type CredentialStore, credentialStore } from './credentials.ts';
import { evenly, type Faults, parseFaults } from './faults.ts';
import { CODE_DEFAULTS, type Flags } from './flags.ts';
import { chooseSide, sideOf } from './sides.ts';

export interface AppOptions {
  readonly version: string;
  readonly faults: Faults;
  /** Default: those of the code. */
  readonly flags?: Flags;
  /** Whether `PUT /faults` may change them. */
  readonly faultsAdmin: boolean;
  /** False as soon as the process is asked to stop. */
  readonly accepting: () => boolean;
  /** What a crash does. */
  readonly crash: (because: string) => void;
  readonly logger?: CanaryLogger | false;
}

/** The API, with its faults. Listens to nothing. */
export function createApp(options: AppOptions): Express {
  const register = new Registry();
  const store = credentialStore({ atMost: 1_000, now: () => new Date() });
  for (const asset of ['photo.jpg', 'clip.mp4', 'report.pdf']) store.issue(asset, 'credlink');
  let faults = options.faults;

  const app = express();
  app.disable('x-powered-by');
  app.use((_req, res, next) => {
    res.setHeader('x-service-version', options.version);
    res.setHeader('x-content-type-options', 'nosniff');
    // A stopping process asks for no further request on this connection, so its peer never writes into a closed one.
    if (!options.accepting()) res.setHeader('connection', 'close');
    next();
  });
  app.use(canaryMonitoring({ register, logger: options.logger, version: options.version }));
  app.get('/health', (_req, res) => void res.json({ status: 'ok', version: options.version }));
  app.get('/ready', (_req, res) => {
    const because = faults.neverReady ? 'this build never gets ready' : options.accepting() ? '' : 'stopping';
    res.status(because === '' ? 200 : 503).json({ ready: because === '', because });
  });
  app.get('/metrics', metricsHandler({ register }));
  if (options.faultsAdmin) {
    app.get('/faults', (_req, res) => void res.json(faults));
    app.put('/faults', express.json(), (req, res) => {
      try {
        faults = parseFaults(req.body);
        res.json(faults);
      } catch (error) {
        res.status(400).json({ error: (error as Error).message });
      }
    });
  }
  app.use(
    '/credentials',
    chooseSide({ flags: options.flags ?? CODE_DEFAULTS, register }),
    faulty(() => faults, options.crash),
    business(store),
  );
  app.use(refuse);
  return app;
}

/** What Express could not read: a body that is no JSON, a path that is no URL. */
const refuse: ErrorRequestHandler = (error, _req, res, _next) => {
  res.status(error.status ?? 500).json({ error: error.message });
};

function business(store: CredentialStore): Router {
  const router = express.Router();
  router.use(express.json());
  router.get(
    '/',
    (_req, res) =>
      void res.json(
        store
          .list()
          .slice(-20)
          .map((credential) => shown(credential, res)),
      ),
  );
  router.post('/', (req, res) => {
    const { asset, issuer } = req.body ?? {};
    if (typeof asset !== 'string' || typeof issuer !== 'string' || asset.length > 200 || issuer.length > 200) {
      res.status(400).json({ error: 'asset and issuer are needed, as strings of at most 200 characters' });
      return;
    }
    res.status(201).json(shown(store.issue(asset, issuer), res));
  });
  router.get('/:id', (req, res) => {
    const credential = store.find(req.params.id);
    if (credential) res.json(shown(credential, res));
    else res.status(404).json({ error: `no credential ${req.params.id}` });
  });
  router.post('/:id/verify', (req, res) => {
    const credential = store.find(req.params.id);
    if (credential) res.json({ id: credential.id, valid: true, issuer: credential.issuer });
    else res.status(404).json({ error: `no credential ${req.params.id}` });
  });
  return router;
}

/** The new side of the flag tells the format of a credential, too. */
function shown(credential: Credential, res: Response): Credential & { readonly format?: string } {
  return sideOf(res) === 'on' ? { ...credential, format: 'c2pa/2' } : credential;
}

/** Does to a request what the build is bad at. */
function faulty(current: () => Faults, crash: (because: string) => void): RequestHandler {
  const errs = evenly();
  const flagErrs = evenly();
  const lags = evenly();
  const leaked: Buffer[] = [];
  let leakedMegabytes = 0;
  let served = 0;

  return (_req, res, next) => {
    const { errorShare, flagErrorShare, latency, crash: crashes, leak } = current();
    served += 1;
    if (crashes && crashes !== 'atStart' && served >= crashes.afterRequests) {
      crash(`request ${served} of this build`);
      return;
    }
    if (leak && leakedMegabytes + leak.megabytes <= leak.atMost) {
      leaked.push(Buffer.alloc(leak.megabytes * 1024 * 1024, 1));
      leakedMegabytes += leak.megabytes;
    }
    const isBad = errs(errorShare) || (sideOf(res) === 'on' && flagErrs(flagErrorShare));
    const answer = isBad ? () => void res.status(500).json({ error: 'this build answers so' }) : () => next();
    if (latency && lags(latency.share)) setTimeout(answer, latency.milliseconds);
    else answer();
  };
}
