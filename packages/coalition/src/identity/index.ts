export { type AuthMethod, type Caller, MEMBER_ROLES, type Member, type MemberRole } from './member.js';
