# syntax=docker/dockerfile:1.7
# One image for every role: the orchestrator, builder and deployer workers, the local runtime and the command line.
# What a role may reach is decided where it is started (docker-compose.yml), never here.

FROM node:20.20.2-bookworm-slim AS build
WORKDIR /opt/slipway
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:20.20.2-bookworm-slim
# git reads sources; bubblewrap is the sandbox of builds, throwaway instances and smoke tests by command.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends bubblewrap ca-certificates git \
  && rm -rf /var/lib/apt/lists/*
# Named volumes take over the owner of the folder that they cover: each is made here, for the user that writes in it.
RUN install --directory --owner=node --group=node \
  /etc/slipway/.slipway /var/lib/slipway/store /var/lib/slipway/runtime /var/lib/slipway/instances
WORKDIR /opt/slipway
COPY --from=build /opt/slipway/package.json ./
COPY --from=build /opt/slipway/node_modules ./node_modules
COPY --from=build /opt/slipway/dist ./dist
COPY --from=build /opt/slipway/bin ./bin
ENV NODE_ENV=production
USER node
# No default role: whoever starts a container names one.
CMD ["node", "--eval", "console.error('name a role: node dist/workers/orchestrator.js --config /etc/slipway/platform.yaml'); process.exit(2)"]
