<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:template match="/domain[@type = 'qemu']/os" priority="2">
    <xsl:copy>
      <xsl:apply-templates select="@*|node()"/>
    </xsl:copy>
    <features>
      <tcg>
        <tb-cache unit="MiB">128</tb-cache>
      </tcg>
    </features>
  </xsl:template>
</xsl:stylesheet>
