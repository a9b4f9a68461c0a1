// An edge node whose births, deaths and numbers are sparkplug-client's own. See the package tests.edge_nodes for the lines.
//
// Metrics that have an alias are born with name and alias, and their data carries the alias only. `compress` of the
// command `connect` is an algorithm, DEFLATE or GZIP, for births and data.
"use strict";

const readline = require("node:readline");
const Long = require("long");
const sparkplug = require("sparkplug-client");

const REBIRTH = "Node Control/Rebirth";
const LONG = { Int64: false, UInt64: true };

const write = (line) => process.stdout.write(JSON.stringify(line) + "\n");

// What each device ("" is the edge node) last said, by name.
const born = new Map();
let client = null;
let options;

function remember(device, metrics) {
    const known = born.get(device);
    for (const metric of metrics) known.set(metric.name, { ...known.get(metric.name), ...metric });
}

function valueOf({ type, value }) {
    return type in LONG && value !== null ? Long.fromString(value, LONG[type]) : value;
}

function inBirth(metric) {
    const { name, type, time, alias } = metric;
    return { name, type, value: valueOf(metric), timestamp: time, ...(alias === undefined ? {} : { alias }) };
}

function inData(device, metric, historical) {
    const { alias } = born.get(device).get(metric.name);
    const { name, ...rest } = inBirth(metric);
    return { ...(alias === undefined ? { name } : { alias }), ...rest, ...(historical ? { isHistorical: true } : {}) };
}

function say(kind, device, metrics, payload) {
    const publish = {
        NBIRTH: () => client.publishNodeBirth(payload, options),
        DBIRTH: () => client.publishDeviceBirth(device, payload, options),
        NDATA: () => client.publishNodeData(payload, options),
        DDATA: () => client.publishDeviceData(device, payload, options),
        DDEATH: () => client.publishDeviceDeath(device, payload),
    };
    publish[kind]();
    write({ said: kind, device, metrics });
}

function giveBirth(devices) {
    for (const device of devices) {
        const metrics = [...born.get(device).values()];
        const control = device ? [] : [{ name: REBIRTH, type: "Boolean", value: false, timestamp: Date.now() }];
        const payload = { timestamp: Date.now(), metrics: [...metrics.map(inBirth), ...control] };
        say(device ? "DBIRTH" : "NBIRTH", device, metrics, payload);
    }
}

function publishData(device, metrics, historical) {
    const payload = { timestamp: Date.now(), metrics: metrics.map((metric) => inData(device, metric, historical)) };
    if (!historical) remember(device, metrics);
    const told = historical ? metrics.map((metric) => ({ ...metric, historical })) : metrics;
    say(device ? "DDATA" : "NDATA", device, told, payload);
}

function connect(command, done) {
    const devices = { "": command.metrics, ...command.devices };
    for (const [device, metrics] of Object.entries(devices)) {
        born.set(device, new Map());
        remember(device, metrics);
    }
    options = command.compress ? { compress: true, algorithm: command.compress } : undefined;
    client = sparkplug.newClient({
        serverUrl: `tcp://127.0.0.1:${command.port}`,
        username: "",
        password: "",
        groupId: command.group,
        edgeNode: command.node,
        clientId: command.node,
        publishDeath: true,
    });
    client.on("birth", () => {
        giveBirth(born.keys());
        done();
    });
    client.on("ncmd", (payload) => {
        if (payload.metrics.some((metric) => metric.name === REBIRTH && metric.value)) {
            write({ asked: "rebirth" });
            giveBirth(born.keys());
        }
    });
}

const carryOut = {
    connect,
    data({ device = "", metrics }, done) {
        publishData(device, metrics, false);
        done();
    },
    history({ device = "", metrics }, done) {
        publishData(device, metrics, true);
        done();
    },
    device_birth({ device, metrics }, done) {
        born.set(device, new Map());
        remember(device, metrics);
        giveBirth([device]);
        done();
    },
    device_death({ device }, done) {
        born.delete(device);
        say("DDEATH", device, [], { timestamp: Date.now() });
        done();
    },
    death(_command, done) {
        client.on("close", done);
        client.stop();
        write({ said: "NDEATH", device: "", metrics: [] });
    },
};

const input = readline.createInterface({ input: process.stdin });
input.on("line", (line) => {
    const command = JSON.parse(line);
    carryOut[command.do](command, () => write({ done: command.do }));
});
input.on("close", () => process.exit(0));
