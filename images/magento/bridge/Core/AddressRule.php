<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * Where the shop sends a carrier's secrets. Whoever may write settings must not be able to have them sent elsewhere.
 */
class AddressRule
{
    /**
     * @param array<string,string> $domains path => domains by commas that its address may lie in
     */
    public function __construct(private readonly array $domains)
    {
    }

    /**
     * Refuses an address in any other domain.
     *
     * @param string $path
     * @param string $value
     * @throws Refusal
     */
    public function check(string $path, string $value): void
    {
        $domains = $this->domains[$path] ?? null;
        if ($domains === null || $value === '') {
            return;
        }
        foreach (explode(',', $domains) as $domain) {
            $pattern = '#^https://([a-z0-9-]+\.)*' . preg_quote($domain, '#') . '(/[\x21-\x7e]*)?$#Di';
            if (preg_match($pattern, $value)) {
                return;
            }
        }
        throw new Refusal('"%1" must be an https address in %2.', [$path, $domains]);
    }
}
