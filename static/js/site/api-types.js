// The types of the server's HTTP interface. Nothing here runs.

/** @typedef {"student"|"parent"|"teacher"|"admin"} AccountRole */
/** @typedef {{id: string, email: string, name: string, role: AccountRole, state: string|null}} Account */
/** @typedef {{kind: "single", start: string, minutes: number, zone: string}} SingleSchedule */
/**
 * @typedef {{kind: "weekly", days: number[], time: string, from: string, until: string, minutes: number, zone: string}}
 *   WeeklySchedule  days: 0 is Monday
 */
/** @typedef {SingleSchedule|WeeklySchedule} Schedule */
/** @typedef {"draft"|"scheduled"|"live"|"ended"|"cancelled"} ClassState */
/** @typedef {"paid"|"free"|"coupon"|"trial"} EnrolmentKind */

/**
 * How the person who asks stands to a class.
 * @typedef {object} Membership
 * @property {boolean} enrolled
 * @property {EnrolmentKind|null} [kind]
 * @property {number|null} [expiresAt]
 * @property {string|null} [orderState]
 * @property {boolean} canJoin
 * @property {number|null} [opensAt]
 * @property {{code: string, message: string}|null} reason  why not
 * @property {boolean} isTeacher
 */

/**
 * @typedef {object} Class
 * @property {string} id
 * @property {string} title
 * @property {string} description
 * @property {{id: string, name: string}} teacher
 * @property {number} price           in paise
 * @property {string} currency
 * @property {number|null} seats
 * @property {number|null} seatsLeft  null: no limit
 * @property {string|null} imageUrl
 * @property {ClassState} state
 * @property {Schedule} schedule
 * @property {number|null} nextAt     ms
 * @property {number|null} nextEndsAt
 * @property {number} trialMinutes
 * @property {number|null} accessDays
 * @property {number|null} liveSince
 * @property {Membership|null} my
 * @property {{id: string, name: string}} [student]  a parent's linked student
 * @property {{name: string, email: string}[]} [assistants]  for its teacher
 */

/**
 * @typedef {{listPrice: number, discount: number, amount: number, currency: string, tax: {rate: number,
 *   amount: number}|null}} Quote
 */
/**
 * @typedef {Quote & {orderId: string, keyId: string, name: string, description: string, prefill: {name: string,
 *   email: string}, script: string, sandbox: boolean, expiresAt: number}} Order
 */
/** @typedef {{razorpay_order_id: string, razorpay_payment_id: string, razorpay_signature: string}} PaymentProof */
/**
 * @typedef {{id: string, kind: string, text: string, classId: string|null, createdAt: number, readAt: number|null}}
 *   AccountNotice
 */
/**
 * @typedef {{number: string, kind: string, classTitle: string, total: number, currency: string, issuedAt: number,
 *   url: string, pdfUrl: string, student?: {id: string, name: string}}} Receipt
 */
/**
 * @typedef {{id: string, name: string, email: string, kind: EnrolmentKind, since: number, expiresAt: number|null}}
 *   Enrolment
 */
/**
 * @typedef {{code: string, classId: string|null, kind: "percent"|"amount", value: number, maxUses: number|null,
 *   uses: number, expiresAt: number|null, disabled: boolean}} Coupon
 */
/**
 * @typedef {{id: string, amount: number, currency: string, state: string, confirmed: boolean, reason: string|null,
 *   dispute: string|null, refunded: number}} Payment
 */
/**
 * @typedef {{id: string, amount: number, currency: string, state: string, reason: string, note: string,
 *   attempts: number}} Refund
 */
/**
 * @typedef {{id: string, gatewayOrderId: string|null, student: {id: string, name: string, email: string},
 *   class: {id: string, title: string}, amount: number, currency: string, state: string, createdAt: number,
 *   payments: Payment[], refunds: Refund[], receipts: Receipt[]}} AdminOrder
 */
/**
 * @typedef {{day: string, classId: string|null, title: string, paid: number, refunded: number, count: number}} DayTotal
 */
/** @typedef {{id: string, email: string, name: string, role: AccountRole, disabled: boolean}} User */
/** @template T @typedef {{items: T[], next: string|null}} ListOf */

export {};
