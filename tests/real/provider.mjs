// An OpenID provider on loopback: npm's oidc-provider. Its clients: `mail`, public; `mail-secret`; `mail-web`, with the
// https redirect URI of WEB_REDIRECT; `smtp-server`, which may introspect; a public one for each argument; and for each
// ALGORITHM.pem in CLIENT_KEYS (a folder) `signs-ALGORITHM`, which proves itself by that key (private_key_jwt). Who has a
// secret or a key may sign in without a user, too. Access tokens live ACCESS_TOKEN_SECONDS, those of a client whose name ends
// in -N live N seconds. With CERTIFICATE and KEY (files) it speaks TLS. With LIKE_GOOGLE it is accounts.google.com, with that
// one's endpoints and scope.
//
// Prints its issuer, then a JSON line for each token request, for what was secret in it, and for each refusal. POST /control changes its behaviour:
//   {"codeSeconds": N}                  the lifetime of authorization codes
//   {"downSeconds": N}                  nobody listens for so long
//   {"trouble": {CLIENT: {…}}}          what that client's token requests meet, until the next {}:
//                                       "lateSeconds", then "drop" or "status" and "headers", if any
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { Provider } from 'oidc-provider';

const env = process.env;
const tell = (what) => console.log(JSON.stringify(what));
const settings = { codeSeconds: 60, trouble: {} };

const userGrants = ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'];

const publicClient = (client_id) => ({
  client_id,
  application_type: 'native',
  token_endpoint_auth_method: 'none',
  grant_types: userGrants,
  redirect_uris: ['http://localhost/'],
});

const secretClient = (client_id, more) => ({
  ...publicClient(client_id),
  client_secret: `secret of ${client_id} & more`,
  token_endpoint_auth_method: 'client_secret_post',
  grant_types: [...userGrants, 'client_credentials'],
  ...more,
});

const google = {
  routes: { authorization: '/o/oauth2/v2/auth' },
  scopes: ['https://mail.google.com/'],
  issueRefreshToken: async () => true, // "prompt=consent" and "access_type=offline" are enough there
};

const keyClient = (file) => {
  const token_endpoint_auth_signing_alg = file.replace('.pem', '');
  const key = crypto.createPublicKey(fs.readFileSync(`${env.CLIENT_KEYS}/${file}`)).export({ format: 'jwk' });
  return {
    ...publicClient(`signs-${token_endpoint_auth_signing_alg}`),
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg,
    grant_types: [...userGrants, 'client_credentials'],
    jwks: { keys: [{ ...key, use: 'sig' }] },
  };
};

const clients = [
  ...['mail', ...process.argv.slice(2)].map(publicClient),
  secretClient('mail-secret'),
  secretClient('mail-basic', { token_endpoint_auth_method: 'client_secret_basic' }),
  {
    client_id: 'smtp-server',
    client_secret: 'smtp-server-secret',
    response_types: [],
    redirect_uris: [],
    grant_types: [],
  },
];
if (env.CLIENT_KEYS) clients.push(...fs.readdirSync(env.CLIENT_KEYS).map(keyClient));
if (env.WEB_REDIRECT) {
  clients.push(secretClient('mail-web', { application_type: 'web', redirect_uris: [env.WEB_REDIRECT] }));
}

function accessTokenSeconds(_ctx, _token, client) {
  const [, seconds] = /-(\d+)$/.exec(client.clientId) ?? [];
  return Number(seconds ?? env.ACCESS_TOKEN_SECONDS ?? 12);
}

const configuration = {
  clients,
  scopes: ['openid', 'offline_access', 'imap', 'pop', 'smtp'],
  findAccount: async (_ctx, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  cookies: { keys: ['a key for a test'] },
  pkce: { required: () => true },
  clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
  enabledJWA: { clientAuthSigningAlgValues: ['RS256', 'PS256', 'ES256'] },
  features: {
    devInteractions: { enabled: true },
    deviceFlow: { enabled: true },
    clientCredentials: { enabled: true },
    revocation: { enabled: true },
    registration: { enabled: true },
    introspection: { enabled: true, allowedPolicy: (_ctx, client) => client.clientId === 'smtp-server' },
  },
  rotateRefreshToken: true,
  ...(env.LIKE_GOOGLE ? google : {}),
  revokeGrantPolicy: () => true, // whichever of its tokens is revoked
  ttl: {
    AccessToken: accessTokenSeconds, AuthorizationCode: () => settings.codeSeconds, RefreshToken: 3600, IdToken: 3600,
    Interaction: 600, Session: 3600, Grant: 86400,
  },
};

async function bodyOf(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

/** Whether trouble was the answer. A request that comes late still counts, if its sender is still there. */
async function meetTrouble(ctx, { lateSeconds = 0, drop = false, status, headers = {} }) {
  await sleep(lateSeconds * 1000);
  if (drop || ctx.req.socket.destroyed) {
    ctx.req.socket.destroy();
    ctx.respond = false;
    return true;
  }
  if (!status) return false;
  ctx.status = status;
  ctx.set(headers);
  ctx.body = 'trouble';
  return true;
}

async function tokenRequest(ctx, next) {
  if (ctx.path !== '/token') return next();
  const at = Date.now();
  const form = Object.fromEntries(new URLSearchParams(await bodyOf(ctx.req)));
  ctx.req.body = form; // which oidc-provider takes instead
  const basic = /^Basic (.*)$/.exec(ctx.get('authorization'))?.[1];
  const named = basic && Buffer.from(basic, 'base64').toString().split(':')[0];
  const client = form.client_id ?? (named && decodeURIComponent(named));
  const trouble = await meetTrouble(ctx, settings.trouble[client] ?? {});
  if (!trouble) await next();
  const { status, body } = ctx;
  const inBody = 'client_secret' in form ? 'in the body' : 'client_assertion' in form ? 'signed' : 'none';
  const secret = basic ? 'as Basic' : inBody;
  tell({ client, grant: form.grant_type, status, error: body?.error, trouble, secret, at });
  const sent = [form.code, form.code_verifier, form.refresh_token, form.client_assertion, body?.access_token, body?.refresh_token];
  tell({ secrets: sent.filter((one) => one !== undefined) });
}

async function control(ctx, next) {
  if (ctx.path !== '/control') return next();
  const { downSeconds, ...changes } = JSON.parse(await bodyOf(ctx.req));
  Object.assign(settings, changes);
  ctx.body = '';
  if (downSeconds) ctx.res.on('finish', () => goDown(downSeconds));
}

async function goDown(seconds) {
  const { port } = server.address();
  server.close();
  server.closeAllConnections();
  await sleep(seconds * 1000);
  server.listen(port, '127.0.0.1');
}

const server = env.CERTIFICATE
  ? https.createServer({ cert: fs.readFileSync(env.CERTIFICATE), key: fs.readFileSync(env.KEY) })
  : http.createServer();
server.once('listening', () => {
  const { port } = server.address();
  const here = env.CERTIFICATE ? `https://localhost:${port}` : `http://127.0.0.1:${port}`;
  const issuer = env.LIKE_GOOGLE ? 'https://accounts.google.com' : here;
  const provider = new Provider(issuer, configuration);
  provider.use(control);
  provider.use(tokenRequest);
  provider.on('grant.error', (_ctx, error) => tell({ refused: error.error, detail: error.error_detail }));
  server.on('request', provider.callback());
  tell({ issuer });
});
server.listen(env.LIKE_GOOGLE ? 443 : 0, '127.0.0.1');
