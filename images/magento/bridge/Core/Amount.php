<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * Amounts as the shop's columns keep them: not negative, eight digits before and four after the point.
 */
class Amount
{
    private const PATTERN = '/^(\d{1,8})(?:\.(\d{1,4})0*)?$/D';

    /**
     * Returns one spelling for every way to write an amount; null for what is none.
     *
     * @param string $text
     * @param int $decimals how many digits after the point there are at least
     */
    public function normal(string $text, int $decimals = 0): ?string
    {
        if (!preg_match(self::PATTERN, $text, $parts)) {
            return null;
        }
        $whole = ltrim($parts[1], '0');
        $fraction = str_pad(rtrim($parts[2] ?? '', '0'), $decimals, '0');
        return ($whole === '' ? '0' : $whole) . ($fraction === '' ? '' : '.' . $fraction);
    }
}
