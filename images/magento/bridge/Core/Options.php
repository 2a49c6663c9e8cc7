<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * Values of an option list as Magento's source models return it: flat, or in groups.
 */
class Options
{
    private const MOST_TOLD = 60;

    /**
     * All values that may be chosen.
     *
     * @param iterable<mixed> $options
     * @return string[]
     */
    public function values(iterable $options): array
    {
        $values = [];
        foreach ($options as $option) {
            if (!is_array($option) || !array_key_exists('value', $option)) {
                continue;
            }
            $found = is_array($option['value']) ? $this->values($option['value']) : [(string)$option['value']];
            array_push($values, ...$found);
        }
        return $values;
    }

    /**
     * The values as a query tells them: without the empty choice, nothing when they are too many.
     *
     * @param string[] $values
     * @return string[]|null
     */
    public function told(array $values): ?array
    {
        $chosen = array_values(array_unique(array_filter($values, 'strlen')));
        return $chosen === [] || count($chosen) > self::MOST_TOLD ? null : $chosen;
    }
}
