<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * Currency rates of a request. Magento drops a zero and turns a minus sign without a word, so they are refused.
 */
class CurrencyRates
{
    /**
     * The column has 12 digits before and 12 after the point.
     */
    private const DECIMALS = 12;
    private const BELOW = 1e12;

    /**
     * Returns the rates by both currencies; the last one given counts.
     *
     * @param array<int,array{string,string,float|null}> $rates from, to, rate
     * @param string[] $known currency codes
     * @return array<string, array<string, float>>
     * @throws Refusal
     */
    public function checked(array $rates, array $known): array
    {
        $checked = [];
        foreach ($rates as [$from, $to, $rate]) {
            foreach ([$from, $to] as $code) {
                if (!in_array($code, $known, true)) {
                    throw new Refusal('Unknown currency "%1".', [$code]);
                }
            }
            if ($rate === null || !is_finite($rate) || round($rate, self::DECIMALS) <= 0) {
                throw new Refusal('Rate %1 to %2 must be positive.', [$from, $to]);
            }
            if ($rate >= self::BELOW) {
                throw new Refusal('Rate %1 to %2 is too large.', [$from, $to]);
            }
            if ($from === $to && $rate !== 1.0) {
                throw new Refusal('The rate of %1 to itself is 1.', [$from]);
            }
            $checked[$from][$to] = $rate;
        }
        return $checked;
    }
}
