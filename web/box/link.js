/*
 * link.js - the line to the box: one WebSocket, requests and their answers, and
 * the will to come back.
 *
 * A phone that slept, an access point that restarted, iOS that keeps a dead
 * socket "open": only silence tells. So whoever uses the link pings once a
 * second, and three seconds without a word mean that this socket is no good.
 * A request dies with its socket, for a stop, a tap or another song that comes
 * late is worse than none: it is reported as unanswered and never sent again. But
 * what else the box writes down it does once for each id, whenever it comes: that
 * waits, is sent again to a box that knows us again, and only then reported.
 */

/** How long to wait before a try to reopen: at once, then soon, and after some minutes less often. @param {number} tries so far */
export function back_off_ms(tries) {
	return tries === 0 ? 0 : tries < 4 ? 250 : tries < 300 ? 500 : 2000;
}

/** Silence that means dead, for an open socket and for one that is being opened. */
export const SILENCE_MS = 3000;
/** The same for a page that was just woken. */
const WOKEN_MS = 1000;
const ANSWER_MS = 5000;
/** The same for what may be sent again: time for three seconds of silence and a way back. */
const LASTING_MS = 12000;
/** Worth something at once or never, or no business of a session's. All else is carried out once (schema/messages.md). */
const FLEETING = /^(tempo|click|clock|ptt|ready|metrics)\.|^song\.activate|^session\.(create|join|resume|claim|reopen)|\.list$/;

/** @typedef {"connecting" | "open" | "lost"} LinkStatus */
/** @typedef {Record<string, any> & {type: string}} Message */

/** An `error` answer, or none at all (code "no_answer"; "gone": with the session). */
export class Refused extends Error {
	/** @param {string} request @param {Record<string, any>} answer */
	constructor(request, answer) {
		super(answer.message ?? answer.code);
		this.request = request;
		/** @type {string} */
		this.code = answer.code;
		/** @type {string | null} */
		this.field = answer.field ?? null;
	}
}

export class Link {
	/**
	 * @param {string} url
	 * @param {object} on
	 * @param {() => void} on.open a socket is there, nothing was said on it yet
	 * @param {() => void} on.woken a ping is wanted: is that socket still good?
	 * @param {(message: Message) => void} on.message all but answers
	 * @param {(status: LinkStatus) => void} on.status
	 */
	constructor(url, on) {
		this.url = url;
		this.on = on;
		/** @type {WebSocket | null} */
		this.socket = null;
		/** @type {LinkStatus} */
		this.status = "connecting";
		this.tries = 0;
		/** The box has taken us in on this socket; before that it minds nobody's business but its doors'. */
		this.known = false;
		/** When the first question was put that nothing was heard since; Infinity: all were answered. */
		this.asked_at = Infinity;
		/** Wall time of the last sign of life of this page itself: performance.now() may stand still in a sleep. */
		this.awake_at = Date.now();
		/** An id is a request's own, so ids differ between two loads of the page too. */
		this.prefix = [...crypto.getRandomValues(new Uint8Array(9))].map((b) => (b % 36).toString(36)).join("") + "-";
		this.next_id = 1;
		/** `lost`: with its socket. @type {Map<string, {type: string, text: string, lost: boolean, resolve: (answer: Message) => void, reject: (error: Refused) => void, timer: number}>} */
		this.waiting = new Map();
		this.retry = 0;
		this.watch = 0;
	}

	start() {
		this.open();
		this.watch = setInterval(() => this.check(), 500);
	}

	open() {
		clearTimeout(this.retry);
		this.drop();
		const socket = new WebSocket(this.url, "tactus.v1");
		this.socket = socket;
		this.asked_at = performance.now();
		this.say(this.status === "lost" ? "lost" : "connecting");
		socket.onopen = () => {
			this.asked_at = Infinity;
			this.say("open");
			this.on.open();
		};
		socket.onmessage = ({ data }) => this.hear(data);
		socket.onclose = () => this.lose();
	}

	/** Lets go of a socket without waiting for its farewell, which a dead one never says. */
	drop() {
		const socket = this.socket;
		this.socket = null;
		this.known = false;
		if (socket) {
			socket.onopen = socket.onmessage = socket.onclose = null;
			socket.close();
		}
		for (const [id, wait] of this.waiting)
			if (FLEETING.test(wait.type))
				this.fail(id, "no_answer");
			else
				wait.lost = true;
	}

	/** @param {string} id @param {string} code */
	fail(id, code) {
		const wait = this.waiting.get(id);
		this.waiting.delete(id);
		clearTimeout(wait?.timer);
		wait?.reject(new Refused(wait.type, { code }));
	}

	/** The box knows us again: what was lost on the way, there or back, once more. */
	repeat() {
		this.known = true;
		for (const wait of this.waiting.values())
			if (wait.lost)
				this.put(wait);
	}

	/** There is no way back into the session that they were for. */
	give_up() {
		for (const [id, { lost }] of this.waiting)
			if (lost)
				this.fail(id, "gone");
	}

	/** @param {{text: string, lost: boolean}} wait */
	put(wait) {
		wait.lost = false;
		this.asked_at = Math.min(this.asked_at, performance.now());
		this.socket?.send(wait.text);
	}

	/** The socket is gone: try again, at first at once. */
	lose() {
		this.drop();
		this.say("lost");
		clearTimeout(this.retry);
		this.retry = setTimeout(() => this.open(), back_off_ms(this.tries++));
	}

	/** Called twice a second: is this socket alive? In the background timers are rare, so only what was asked counts. */
	check() {
		this.awake_at = Date.now();
		if (this.socket && this.silent())
			this.lose();
	}

	silent() {
		return performance.now() - this.asked_at > SILENCE_MS;
	}

	/** The page was woken, or (`anew`) a network came: don't wait for the next try. @param {boolean} [anew] */
	wake(anew = false) {
		const slept_ms = Date.now() - this.awake_at;
		this.awake_at = Date.now();
		if (!anew && this.socket && slept_ms < SILENCE_MS && !this.silent()) {
			/* It may have died in a short absence: then what is asked now has no answer in a second. One that is being opened has its time. */
			if (this.status === "open") {
				this.asked_at = Math.min(this.asked_at, performance.now() - SILENCE_MS + WOKEN_MS);
				this.on.woken();
			}
			return;
		}
		this.tries = 0;
		this.open();
	}

	/** @param {string} text */
	hear(text) {
		this.asked_at = Infinity;
		this.tries = 0;
		/** @type {Message} */
		const message = JSON.parse(text);
		const wait = typeof message.re === "string" ? this.waiting.get(message.re) : undefined;
		if (!wait) {
			this.on.message(message);
			return;
		}
		this.waiting.delete(message.re);
		clearTimeout(wait.timer);
		if (message.type === "error")
			wait.reject(new Refused(wait.type, message));
		else
			wait.resolve(message);
	}

	/**
	 * Sends a request. Throws Refused.
	 * @param {string} type @param {Record<string, unknown>} [fields] @returns {Promise<Message>}
	 */
	request(type, fields = {}) {
		return new Promise((resolve, reject) => {
			const { known, socket } = this;
			const fleeting = FLEETING.test(type);
			if (!socket || socket.readyState !== WebSocket.OPEN || (fleeting && !known && !/^(clock|session)/.test(type))) {
				reject(new Refused(type, { code: "no_connection" }));
				return;
			}
			const id = this.prefix + this.next_id++;
			const timer = setTimeout(() => this.fail(id, "no_answer"), fleeting ? ANSWER_MS : LASTING_MS);
			const wait = { type, text: JSON.stringify({ id, type, ...fields }), lost: true, resolve, reject, timer };
			this.waiting.set(id, wait);
			if (fleeting || known)
				this.put(wait);
		});
	}

	/** @param {LinkStatus} status */
	say(status) {
		if (status === this.status)
			return;
		this.status = status;
		this.on.status(status);
	}
}
