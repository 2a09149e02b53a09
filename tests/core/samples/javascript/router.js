'use strict';

const http = require('http');
const { match } = require('./matcher');

/**
 * Routes requests to handlers.
 */
function Router(options) {
  this.stack = [];
  this.strict = options.strict;
}

Router.prototype.use = function use(path, handler) {
  this.stack.push(new Layer(path, handler));
  return this;
};

exports.createRouter = function (options) {
  return new Router(options || {});
};

class Layer extends Base {
  #path;

  constructor(path, handler) {
    super();
    this.#path = path;
    this.handler = handler;
  }

  static compare(left, right) {
    return left.weight - right.weight;
  }

  async handle(request, response, next) {
    const found = match(this.#path, request.url);
    if (!found) {
      return next();
    }
    request.params = found.params;
    return this.handler(request, response, next);
  }
}

module.exports.listen = (router, port) => http.createServer(router.handle).listen(port);
