FROM node:24-slim
WORKDIR /shiplock
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
ENV PATH=/shiplock/bin-links:/shiplock/node_modules/.bin:$PATH
# The workflows' bundle is made here, so that a worker starts on a root that cannot be written.
RUN node --input-type=module -e "await (await import('/shiplock/workers/bundle.ts')).loadWorkflowBundle()"
RUN mkdir bin-links && ln -s /shiplock/bin/shiplock.js bin-links/shiplock && chown -R node:node /shiplock && mkdir /state && chown node:node /state
# By number, so that `runAsNonRoot` can be checked. The image's `node` has these.
USER 1000:1000
CMD ["shiplock", "worker"]
