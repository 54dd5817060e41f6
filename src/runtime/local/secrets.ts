import type { SealedManifest } from '../../config/manifest.ts';
import type { ComponentSecrets } from '../../secrets/component-secrets.ts';
import type { Mask } from '../../secrets/mask.ts';
import { environmentOf, type ProcessIdentity } from '../../process.ts';

/**
 * Secrets on their way from where they lie into the environment of an instance: they are in this process's memory, and
 * nowhere else of ours. What was handed out once is masked in whatever the runtime says from then on.
 */
export interface RuntimeSecrets {
  readonly provider: ComponentSecrets;
  readonly mask: Mask;
}

/** Values, by the variable that they are given in. */
export type GivenSecrets = Readonly<Record<string, string>>;

/** The secrets that instances of one artifact are given in one environment. */
export interface InstanceSecrets {
  /** What they are now. @throws SECRET_MISSING, SECRET_UNAVAILABLE */
  read(): Promise<GivenSecrets>;
  /** What a process was started with; null when its environment cannot be seen any more. */
  startedWith(main: ProcessIdentity): GivenSecrets | null;
}

export function instanceSecrets(
  { provider, mask }: RuntimeSecrets,
  environment: string,
  { run }: Pick<SealedManifest, 'run'>,
): InstanceSecrets {
  const asked = Object.entries(run.env).flatMap(([variable, value]) =>
    typeof value === 'object' && 'secret' in value ? [[variable, value.secret] as const] : [],
  );
  const given = (values: readonly (readonly [variable: string, secret: string, value: string])[]): GivenSecrets => {
    for (const [, secret, value] of values) mask.know(secret, value);
    return Object.fromEntries(values.map(([variable, , value]) => [variable, value]));
  };
  return {
    async read() {
      const reading = asked.map(
        async ([variable, secret]) => [variable, secret, await provider.read(environment, secret)] as const,
      );
      return given(await Promise.all(reading));
    },
    startedWith(main) {
      if (asked.length === 0) return {};
      const found = environmentOf(main);
      const values = asked.map(([variable, secret]) => [variable, secret, found?.get(variable)] as const);
      const isWhole = (value: (typeof values)[number]): value is readonly [string, string, string] =>
        value[2] !== undefined;
      return values.every(isWhole) ? given(values) : null;
    },
  };
}
