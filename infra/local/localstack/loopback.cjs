// Loaded into kinesis-local before its own code. It would listen on every interface, and outlive a LocalStack that
// was killed.
const net = require('net');

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (first, ...rest) {
  if (first !== null && typeof first === 'object' && first.port !== undefined) {
    return listen.call(this, { ...first, host: '127.0.0.1' }, ...rest);
  }
  if (typeof first === 'number') {
    return listen.call(this, first, '127.0.0.1', ...rest.filter((argument) => typeof argument !== 'string'));
  }
  return listen.call(this, first, ...rest);
};

const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.exit(1);
}, 250).unref();
