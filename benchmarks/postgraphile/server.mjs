// PostGraphile as it is run in production: Grafserv on Node's own HTTP server, without GraphiQL.
import { createServer } from "node:http";
import simplifyInflection from "@graphile/simplify-inflection";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { grafserv } from "postgraphile/grafserv/node";

const preset = {
  extends: [PostGraphileAmberPreset, simplifyInflection.PgSimplifyInflectionPreset],
  pgServices: [
    makePgService({
      connectionString: process.env.DATABASE_URL,
      schemas: ["public"],
      pubsub: false,
      poolConfig: { max: 10 },
    }),
  ],
  grafserv: { graphiql: false, websockets: false },
  grafast: { explain: false },
};

const instance = postgraphile(preset);
const service = instance.createServ(grafserv);
const server = createServer();
server.on("error", (error) => {
  console.error(error);
  process.exit(1);
});
await service.addTo(server);
server.listen(Number(process.env.PORT), "127.0.0.1");
