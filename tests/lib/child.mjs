/*
 * child.mjs - one program under test: started, watched, killed, its log kept.
 */
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

export class Child {
	/**
	 * @param {string} name as the logs call it
	 * @param {string[]} argv the program and its arguments
	 * @param {{env?: Record<string, string>, log: string, cwd?: string}} how
	 */
	constructor(name, argv, how) {
		this.name = name;
		this.argv = argv;
		this.how = how;
		/** @type {import("node:child_process").ChildProcess | null} */
		this.process = null;
	}

	start() {
		const log = openSync(this.how.log, "a");
		this.process = spawn(this.argv[0], this.argv.slice(1), {
			cwd: this.how.cwd,
			env: { ...process.env, ...this.how.env },
			stdio: ["ignore", log, log],
		});
		closeSync(log);
		/** Ends with the process, also when it could not be started at all. */
		this.ended = new Promise((resolve) => {
			this.process?.once("exit", resolve);
			this.process?.once("error", resolve);
		});
		return this;
	}

	get pid() {
		return this.process?.pid;
	}

	get alive() {
		const p = this.process;
		return !!p && p.pid !== undefined && p.exitCode === null && p.signalCode === null;
	}

	/** @param {NodeJS.Signals} [signal] */
	async kill(signal = "SIGKILL") {
		if (!this.alive)
			return;
		this.process?.kill(signal);
		await this.ended;
	}

	/** Asks with SIGTERM, waits that long, then insists. True if asking was enough. */
	async stop(wait_ms = 3000) {
		if (!this.alive)
			return true;
		this.process?.kill("SIGTERM");
		const politely = await Promise.race([this.ended.then(() => true), sleep(wait_ms, false, { ref: false })]);
		if (!politely)
			await this.kill();
		return politely;
	}

	log_text() {
		try {
			return readFileSync(this.how.log, "utf8");
		} catch {
			return "";
		}
	}
}
