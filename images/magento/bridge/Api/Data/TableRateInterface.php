<?php

declare(strict_types=1);

namespace StoreController\Bridge\Api\Data;

/**
 * What shipping to a place costs from an amount on.
 *
 * @api
 */
interface TableRateInterface
{
    /**
     * Two letters, or *.
     *
     * @return string
     */
    public function getCountry(): ?string;

    /**
     * Set it.
     *
     * @param string|null $value
     * @return $this
     */
    public function setCountry(?string $value): self;

    /**
     * Code within the country, or *.
     *
     * @return string
     */
    public function getRegion(): ?string;

    /**
     * Set it.
     *
     * @param string|null $value
     * @return $this
     */
    public function setRegion(?string $value): self;

    /**
     * Postcode, or *.
     *
     * @return string
     */
    public function getPostcode(): ?string;

    /**
     * Set it.
     *
     * @param string|null $value
     * @return $this
     */
    public function setPostcode(?string $value): self;

    /**
     * Weight, value or number of items from which it holds.
     *
     * @return string
     */
    public function getFrom(): ?string;

    /**
     * Set it.
     *
     * @param string|null $value
     * @return $this
     */
    public function setFrom(?string $value): self;

    /**
     * Price in the website's base currency.
     *
     * @return string
     */
    public function getPrice(): ?string;

    /**
     * Set it.
     *
     * @param string|null $value
     * @return $this
     */
    public function setPrice(?string $value): self;
}
