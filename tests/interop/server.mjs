// An OAuth server that nobody here wrote, for the interoperability test of partner-auth: the npm package oidc-provider.
//
//   node server.mjs PUBLIC_KEY.pem
//
// Starts one server for each form of Entra ID's token endpoint and prints their addresses as one line of JSON. It ends
// with its standard input.

import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const AUDIENCE = 'https://api.partner.microsoft.com';
const SCOPE = `${AUDIENCE}/.default`;
const key = createPublicKey(readFileSync(process.argv[2])).export({ format: 'jwk' });

const client = (more) => ({
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
  scope: SCOPE,
  ...more,
});

const clients = [
  client({
    client_id: '00000000-0000-0000-0000-000000000001',
    client_secret: "s%e&c+r~e=t",
    token_endpoint_auth_method: 'client_secret_post',
  }),
  ...['PS256', 'RS256'].map((alg, index) =>
    client({
      client_id: `00000000-0000-0000-0000-00000000000${index + 2}`,
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: alg,
      jwks: { keys: [key] },
    }),
  ),
];

async function start(token) {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(origin, {
    clients,
    routes: { token },
    scopes: [SCOPE],
    clientAuthMethods: ['client_secret_post', 'private_key_jwt'],
    enabledJWA: { clientAuthSigningAlgValues: ['PS256', 'RS256'] },
    ttl: { ClientCredentials: 1234 },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => AUDIENCE,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({ scope: SCOPE, audience: AUDIENCE, accessTokenTTL: 1234, accessTokenFormat: 'opaque' }),
      },
    },
    // Entra ID takes the token endpoint as the audience of an assertion.
    assertJwtClientAuthClaimsAndHeader: () => {},
  });
  provider.on('grant.error', (_, error) => console.error(error.message, error.error_description, error.error_detail));
  server.on('request', provider.callback());
  return origin;
}

const v1 = await start('/contoso.com/oauth2/token');
const v2 = await start('/contoso.com/oauth2/v2.0/token');
console.log(JSON.stringify({ v1, v2 }));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
