<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * The countries and regions that the shop knows.
 */
interface PlacesInterface
{
    /**
     * Whether there is a country of this two-letter code.
     *
     * @param string $country
     */
    public function hasCountry(string $country): bool;

    /**
     * Whether the country has a region of this code.
     *
     * @param string $country
     * @param string $region
     */
    public function hasRegion(string $country, string $region): bool;
}
