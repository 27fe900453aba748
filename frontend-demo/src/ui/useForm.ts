import type { FormEvent } from "react";
import { useState } from "react";
import { Problem } from "../api/problem";
import { t } from "../i18n";

type Errors = Record<string, string>;

interface Options {
  send: (data: FormData, form: HTMLFormElement) => Promise<void>;
  /** The problem as an error of a field, where it is one of this form's. */
  place?: (problem: Problem) => Errors | null;
}

/** A form that checks itself, sends once, keeps what was typed, and takes the focus to what is wrong. */
export function useForm({ send, place }: Options) {
  const [busy, setBusy] = useState(false);
  const [errors, setErrors] = useState<Errors>({});
  const [problem, setProblem] = useState<Problem | null>(null);

  async function onSubmit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    if (busy) return;
    const found = check(form);
    setErrors(found);
    setProblem(null);
    if (focusFirst(form, found)) return;
    setBusy(true);
    try {
      await send(new FormData(form), form);
    } catch (error) {
      const refusal = Problem.of(error);
      const placed = place?.(refusal) ?? namedFields(form, refusal);
      setErrors(placed);
      if (!focusFirst(form, placed)) {
        setProblem(refusal);
        form.querySelector<HTMLInputElement>("input[name$=password], input[name=code]")?.focus();
      }
    } finally {
      setBusy(false);
    }
  }

  return { busy, errors, problem, form: { onSubmit, noValidate: true } };
}

function inputs(form: HTMLFormElement): HTMLInputElement[] {
  return [...form.elements].filter((element) => element instanceof HTMLInputElement);
}

function check(form: HTMLFormElement): Errors {
  const errors: Errors = {};
  for (const { name, type, validity } of inputs(form)) {
    if (validity.valueMissing) errors[name] = type === "checkbox" ? t.fields.unticked : t.fields.missing;
    else if (validity.typeMismatch) errors[name] = t.fields.badEmail;
  }
  return errors;
}

/** What a `validation_error` says of this form's own fields, in the person's language. */
function namedFields(form: HTMLFormElement, problem: Problem): Errors {
  const texts: Errors = { email: t.fields.badEmail };
  const names = inputs(form).map((input) => input.name);
  const named = problem.errors.filter((error) => names.includes(error.field));
  return Object.fromEntries(named.map(({ field }) => [field, texts[field] ?? t.fields.unusable]));
}

function focusFirst(form: HTMLFormElement, errors: Errors): boolean {
  const first = inputs(form).find((input) => errors[input.name]);
  first?.focus();
  return first !== undefined;
}
