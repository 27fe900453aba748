/** The contract's shapes, read out of the generated document by path, so that only paths and fields are relied on. */
import type { paths } from "./schema";

type Path = keyof paths;
export type Method = "get" | "post" | "put" | "patch" | "delete";
type Json<T> = T extends { content: { "application/json": infer Body } } ? Body : undefined;
type Operation<P extends Path, M extends Method> = Exclude<paths[P][M], undefined>;

/** The paths that offer the method. */
export type PathOf<M extends Method> = { [P in Path]: Operation<P, M> extends never ? never : P }[Path];

/** What a successful call answers; undefined where there is no body. */
export type Answer<M extends Method, P extends Path> =
  Operation<P, M> extends { responses: infer All }
    ? { [Status in keyof All & (200 | 201 | 202 | 204)]: Json<All[Status]> }[keyof All &
        (200 | 201 | 202 | 204)]
    : never;

/** What a call sends; undefined where it takes no body. */
export type Sent<M extends Method, P extends Path> =
  Operation<P, M> extends { requestBody?: infer Body } ? Json<Exclude<Body, undefined>> : undefined;

export type LoginResult = Answer<"post", "/auth/login">;
export type SignedIn = Extract<LoginResult, { status: "authenticated" }>;
export type SecondFactorRequired = Extract<LoginResult, { status: "second_factor_required" }>;
/** 202 where addresses have to be verified first, 201 where they need not. */
export type Registration = Answer<"post", "/auth/register">;
export type FreshToken = Answer<"post", "/auth/reauthenticate">;
export type Me = Answer<"get", "/auth/me">;
export type Session = Answer<"get", "/auth/sessions">["sessions"][number];
export type Proof = Sent<"post", "/auth/reauthenticate">;
/** After a registration without a password: the token opens the registration of a passkey, and nothing else. */
export type EnrolmentOffer = Exclude<Answer<"post", "/auth/email/verify">, undefined>;
export type PasskeyList = Answer<"get", "/auth/passkeys">;
export type Passkey = PasskeyList["passkeys"][number];
export type CreationOptions = Exclude<Answer<"post", "/auth/passkeys/registration/options">, undefined>;
export type RequestOptions = Answer<"post", "/auth/passkeys/authentication/options">;
/** `PublicKeyCredential.toJSON()` */
export type Credential = Sent<"post", "/auth/passkeys/authentication/verify">["credential"];
export type TotpEnrolment = Answer<"post", "/auth/totp/enroll">;
export type TotpActivated = Answer<"post", "/auth/totp/activate">;
export type TrustedBrowser = Answer<"get", "/auth/trusted-browsers">["trusted_browsers"][number];
