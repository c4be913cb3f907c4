FROM node:24-slim
WORKDIR /shiplock
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
ENV PATH=/shiplock/bin-links:/shiplock/node_modules/.bin:$PATH
RUN mkdir bin-links && ln -s /shiplock/bin/shiplock.js bin-links/shiplock && chown -R node:node /shiplock && mkdir /state && chown node:node /state
USER node
CMD ["shiplock", "worker"]
